package itest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	api2 "github.com/influxdata/influxdb-client-go/v2/api/write"
	influxdb1 "github.com/influxdata/influxdb1-client/v2"
)

// A job tells a client what to write in one request.
type job struct {
	Host      string        `json:"host"`
	Port      int           `json:"port"`
	User      string        `json:"user"`
	Password  string        `json:"password"`
	Database  string        `json:"database"`
	Gzip      bool          `json:"gzip"`
	Precision string        `json:"precision"`
	Points    []clientPoint `json:"points"`
}

func (j *job) url() string { return fmt.Sprintf("http://%s:%d", j.Host, j.Port) }

// A relayClient is a client of another library, and what it can write.
type relayClient struct {
	name string
	v2   bool
	// words are the client's words for the precisions.
	words map[string]string
	// notInNames and notInTags are the bytes that it does not escape as InfluxDB reads
	// them; strings likewise.
	notInNames, notInTags, notInStrings string
	maxInt                              int64
	gzip                                bool
	// bad is a measurement that spoils its line, for a client that refuses a bad
	// timestamp; refused is the server's reason. The text after the line feed is a
	// point.
	bad, refused string
	// setup skips the test if the client is not installed.
	setup func(t *testing.T)
	// write returns the error that the client reports for each job, "" for none.
	write func(t *testing.T, jobs ...*job) []string
}

func without(list []string, bytes string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return strings.ContainsAny(s, bytes) })
}

func (k *relayClient) names() []string {
	return without(texts, "#"+k.notInNames) // a line that begins with # is a comment
}

func (k *relayClient) tagTexts() []string { return without(texts, k.notInTags) }
func (k *relayClient) strings() []string  { return without(stringTexts, k.notInStrings) }

var words1 = map[string]string{"ns": "n", "us": "u", "ms": "ms", "s": "s", "m": "m", "h": "h"}
var words2 = map[string]string{"ns": "ns", "us": "us", "ms": "ms", "s": "s"}

// relayClients lists all clients.
func relayClients() []*relayClient {
	return []*relayClient{
		{
			name: "python-influxdb", words: words1, maxInt: math.MaxInt64, gzip: true,
			// This client doubles backslashes, escapes = in measurements and writes \n for
			// a line feed.
			notInNames: `\=`, notInTags: `\`, notInStrings: "\n",
			setup: func(t *testing.T) { missing(t, python() == "", "no Python with influxdb") },
			write: func(t *testing.T, jobs ...*job) []string {
				return runScript(t, jobs, python(), "-W", "ignore", "python-influxdb.py")
			},
		},
		{
			// This client does not escape measurements, and has only the integers of its
			// language.
			name: "npm-influx", words: words1, maxInt: 1<<53 - 1, notInNames: " ,",
			setup: func(t *testing.T) { nodeModules(t) },
			write: func(t *testing.T, jobs ...*job) []string { return runScript(t, jobs, "node", "npm-influx.js") },
		},
		{
			// Like the next one, it writes \n for a line feed.
			name: "npm-influxdb-client", v2: true, words: words2, maxInt: 1<<53 - 1, gzip: true, notInStrings: "\n",
			setup: func(t *testing.T) { nodeModules(t) },
			write: func(t *testing.T, jobs ...*job) []string { return runScript(t, jobs, "node", "npm-influxdb-client.js") },
		},
		{
			name: "influxdb-client-go", v2: true, words: words2, maxInt: math.MaxInt64, gzip: true, notInStrings: "\n",
			write: each(writeGo2),
		},
		{
			// Here it writes nanoseconds.
			name: "influxdb1-client", maxInt: math.MaxInt64, gzip: true, write: each(writeGo1),
			words: map[string]string{"ns": "ns", "ms": "ms", "s": "s", "m": "m", "h": "h"},
			bad:   "bad\nm", refused: "unable to parse 'bad': missing fields",
		},
	}
}

// missing skips the test, or fails it if servers and clients are required.
func missing(t *testing.T, is bool, what string) {
	t.Helper()
	switch {
	case is && requireServer:
		t.Fatal(what)
	case is:
		t.Skip(what)
	}
}

// python returns an interpreter that has the client, or "". Only Debian's own interpreter
// sees Debian's packages.
func python() string {
	for _, p := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(p, "-W", "ignore", "-c", "import influxdb").Run() == nil {
			return p
		}
	}
	return ""
}

// npmPackages are the clients for Node.js, which need no other packages.
var npmPackages = []string{"influx@5.12.0", "@influxdata/influxdb-client@1.35.0"}

// nodeModules returns a directory with the packages. The first call on a machine
// installs them in the user's cache.
func nodeModules(t *testing.T) string {
	t.Helper()
	npm, err := exec.LookPath("npm")
	missing(t, err != nil, "no npm")
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "pointwire")
	dir := filepath.Join(cache, "npm-"+strings.NewReplacer("/", "-", "@", "-").Replace(strings.Join(npmPackages, "+")))
	modules := filepath.Join(dir, "node_modules")
	if _, err := os.Stat(modules); err == nil {
		return modules
	}
	if err := os.MkdirAll(cache, 0o777); err != nil {
		t.Fatal(err)
	}
	temp, err := os.MkdirTemp(cache, "npm-new-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(temp)
	args := append([]string{"install", "--prefix", temp, "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"}, npmPackages...)
	if out, err := exec.CommandContext(t.Context(), npm, args...).CombinedOutput(); err != nil {
		missing(t, true, fmt.Sprintf("npm: %v\n%s", err, out))
	}
	// Another test may have installed them meanwhile.
	if err := os.Rename(temp, dir); err != nil {
		if _, err := os.Stat(modules); err != nil {
			t.Fatal(err)
		}
	}
	return modules
}

// runScript runs a client of another language. The last element of command is a file in
// testdata/relay.
func runScript(t *testing.T, jobs []*job, command ...string) (texts []string) {
	t.Helper()
	input, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	command[len(command)-1] = filepath.Join("testdata", "relay", command[len(command)-1])
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Stdin = bytes.NewReader(input)
	if command[0] == "node" {
		cmd.Env = append(os.Environ(), "NODE_PATH="+nodeModules(t))
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, &stderr)
	}
	for line := range bytes.Lines(out) {
		var text string
		if err := json.Unmarshal(line, &text); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		texts = append(texts, text)
	}
	if len(texts) != len(jobs) {
		t.Fatalf("%d responses to %d jobs\n%s", len(texts), len(jobs), &stderr)
	}
	return texts
}

// each writes the jobs one by one.
func each(write func(*testing.T, *job) string) func(*testing.T, ...*job) []string {
	return func(t *testing.T, jobs ...*job) (texts []string) {
		for _, j := range jobs {
			texts = append(texts, write(t, j))
		}
		return texts
	}
}

// value returns v as a value of Go.
func (v typed) value(t *testing.T) any {
	t.Helper()
	var x any
	var err error
	switch v.Type {
	case "float":
		x, err = strconv.ParseFloat(v.Text, 64)
	case "int":
		x, err = strconv.ParseInt(v.Text, 10, 64)
	case "uint":
		x, err = strconv.ParseUint(v.Text, 10, 64)
	case "bool":
		x, err = strconv.ParseBool(v.Text)
	default:
		x = v.Text
	}
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// values returns fields and time of p as values of Go.
func (p *clientPoint) values(t *testing.T, unit time.Duration) (fields map[string]any, at time.Time) {
	fields = map[string]any{}
	for k, v := range p.Fields {
		fields[k] = v.value(t)
	}
	if p.Time != "" {
		n, err := strconv.ParseInt(p.Time, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		at = time.Unix(0, n*int64(unit))
	}
	return fields, at
}

func writeGo2(t *testing.T, j *job) string {
	t.Helper()
	unit := units[j.Precision]
	o := influxdb2.DefaultOptions().SetPrecision(unit).SetUseGZip(j.Gzip).SetLogLevel(0)
	c := influxdb2.NewClientWithOptions(j.url(), j.User+":"+j.Password, o)
	defer c.Close()
	var points []*api2.Point
	for i := range j.Points {
		p := &j.Points[i]
		fields, at := p.values(t, unit)
		points = append(points, api2.NewPoint(p.Name, p.Tags, fields, at))
	}
	if err := c.WriteAPIBlocking("org", j.Database).WritePoint(t.Context(), points...); err != nil {
		return err.Error()
	}
	return ""
}

func writeGo1(t *testing.T, j *job) string {
	t.Helper()
	o := influxdb1.HTTPConfig{Addr: j.url(), Username: j.User, Password: j.Password, Timeout: time.Minute}
	if j.Gzip {
		o.WriteEncoding = influxdb1.GzipEncoding
	}
	c, err := influxdb1.NewHTTPClient(o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, _, err := c.Ping(time.Minute); err != nil {
		t.Fatal(err)
	}
	batch, err := influxdb1.NewBatchPoints(influxdb1.BatchPointsConfig{Database: j.Database, Precision: j.Precision})
	if err != nil {
		t.Fatal(err)
	}
	for i := range j.Points {
		p := &j.Points[i]
		fields, at := p.values(t, units[j.Precision])
		point, err := influxdb1.NewPoint(p.Name, p.Tags, fields, at)
		if err != nil {
			t.Fatal(err)
		}
		batch.AddPoint(point)
	}
	if err := c.Write(batch); err != nil {
		return err.Error()
	}
	return ""
}
