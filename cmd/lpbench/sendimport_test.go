package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/lp"
)

const importFile = `# INFLUXDB EXPORT: 1677-09-21T00:12:43Z - 2262-04-11T23:47:16Z
# DDL
CREATE DATABASE "my db" WITH NAME autogen
# a comment
CREATE RETENTION POLICY week ON "my db" DURATION 7d REPLICATION 1;

# DML
# CONTEXT-DATABASE:my db
# CONTEXT-RETENTION-POLICY:autogen
# writing tsm data
m v="# CONTEXT-DATABASE:trap
# CONTEXT-DATABASE:trap" 1
m v="b" 2
# CONTEXT-RETENTION-POLICY: week
m v="c" 3
# CONTEXT-DATABASE:other
m v="d" 4
bad
m v="e" 5
`

// TestSendImport sends a file for influx -import.
func TestSendImport(t *testing.T) {
	const (
		a = "m v=\"# CONTEXT-DATABASE:trap\n# CONTEXT-DATABASE:trap\" 1\n"
		b = "m v=\"b\" 2\n"
	)
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{nil, []string{"db=my+db&rp=autogen " + a + b, "db=my+db&rp=week m v=\"c\" 3\n", "db=other&rp=week m v=\"d\" 4\nm v=\"e\" 5\n"}},
		{[]string{"-db", "d"}, []string{"db=d&rp=autogen " + a + b, "db=d&rp=week m v=\"c\" 3\nm v=\"d\" 4\nm v=\"e\" 5\n"}},
		{[]string{"-rp", "r"}, []string{"db=my+db&rp=r " + a + b + "m v=\"c\" 3\n", "db=other&rp=r m v=\"d\" 4\nm v=\"e\" 5\n"}},
		{[]string{"-bucket", "b"}, []string{"bucket=b&precision=ns " + a + b + "m v=\"c\" 3\nm v=\"d\" 4\nm v=\"e\" 5\n"}},
	} {
		for _, text := range []string{importFile, compress(t, importFile), strings.ReplaceAll(importFile, "\n", "\r\n")} {
			s := influxtest.New(t)
			args := append([]string{"-flush", "1h", inFile(t, text)}, tt.args...)
			crlf := strings.Contains(text, "# DML\r\n")
			if crlf {
				args = append(args, "-trim-cr")
			}
			got, said := sendTo(t.Context(), nil, s.URL, args...)
			if got != 1 {
				t.Errorf("%q: status %d", tt.args, got)
			}
			sent(t, said, 6, 5, 1, 0, 0)
			contains(t, said, "lines:18: ", "2 statements of sections # DDL not run")
			var list []string
			for _, r := range s.Requests() {
				body := r.Query.Encode() + " " + strings.ReplaceAll(string(r.Body), "trap\r\n", "trap\n")
				if n := len(list); n > 0 && strings.HasPrefix(list[n-1], r.Query.Encode()+" ") {
					list[n-1] += string(r.Body) // the same place
				} else {
					list = append(list, body)
				}
			}
			if !slices.Equal(list, tt.want) {
				t.Errorf("%q: sent\n%q, want\n%q", tt.args, list, tt.want)
			}
		}
	}
}

// TestSendDDL runs the statements of a file.
func TestSendDDL(t *testing.T) {
	done := influxtest.JSON(`{"results":[{"statement_id":0}]}`)
	s := influxtest.New(t, done, done, ok)
	got, said := sendTo(t.Context(), strings.NewReader(importFile), s.URL, "-ddl")
	if got != 1 {
		t.Errorf("status %d\n%s", got, said)
	}
	sent(t, said, 6, 5, 1, 0, 0)
	r := s.Requests()
	if q := r[0].Form.Get("q"); q != `CREATE DATABASE "my db" WITH NAME autogen` {
		t.Errorf("first %q", q)
	}
	if q := r[1].Form.Get("q"); q != `CREATE RETENTION POLICY week ON "my db" DURATION 7d REPLICATION 1;` || r[2].Path != "/write" {
		t.Errorf("second %q", q)
	}
	for text, want := range map[string]string{
		"# DDL\nDROP DATABASE x\n# DML\n":                      "line 2: only CREATE DATABASE",
		"# DDL\nCREATE DATABASE x; DROP DATABASE y\n# DML\n":   "line 2: only CREATE DATABASE",
		"# DDL\nCREATE USER x WITH PASSWORD 'sesame'\n# DML\n": "line 2: only CREATE DATABASE",
		"# DDL\nCREATE DATABASE x\nm v=1\n":                    "line 3: only CREATE DATABASE",
		"# DDL\nCREATE DATABASE x\n":                           `does not end with "# DML"`,
		"# DDL\nCREATE DATABASE " + strings.Repeat("x", 1<<17): "is longer than 65536 bytes",
		"# x\n# DDL\n# y\nCREATE DATABASE x\n# DML\nm v=1 1\n": "unauthorized",
	} {
		s := influxtest.New(t, done)
		if want == "unauthorized" {
			s = influxtest.New(t, influxtest.Error(401, want))
		}
		got, said := sendTo(t.Context(), strings.NewReader(text), s.URL, "-db", "d", "-ddl")
		if got != 2 || !strings.Contains(said, want) || strings.Contains(said, "sesame") {
			t.Errorf("%.50q: status %d\n%.500s", text, got, said)
		}
	}
}

// randomLines returns lines of every kind, and for each place the good ones, in order.
func randomLines(r *rand.Rand) (text string, good map[string][]string, bad []string) {
	good = map[string][]string{}
	at := "db=d"
	var b strings.Builder
	for i := range 1 + r.IntN(60) {
		line := ""
		switch k := r.IntN(16); {
		case k == 0:
			name := string(rune('a' + r.IntN(3)))
			line = "# CONTEXT-DATABASE:" + name
			at = "db=" + name
			b.WriteString(strings.Repeat(" ", r.IntN(2)) + line + "\n")
			continue
		case k == 1:
			b.WriteString([]string{"\n", " \n", "# \"\n", "#" + strings.Repeat("x", r.IntN(200_000)) + "\n", "# CONTEXT-x\n"}[r.IntN(5)])
			continue
		case k == 2:
			line = []string{"m", "m v=", "m v=1 x", "=", "m,a=b", "m v=1 1 1", " # x=1 y"}[r.IntN(6)]
			bad = append(bad, line+"\n")
			b.WriteString(line + "\n")
			continue
		case k == 3:
			line = fmt.Sprintf("m v=\"%s\n# CONTEXT-DATABASE:c\n\" %d", strings.Repeat("y", r.IntN(100)), i)
		case k == 4 && r.IntN(4) == 0:
			line = fmt.Sprintf("m v=\"%s\" %d", strings.Repeat("y\n", r.IntN(200_000)), i)
		case k == 5 && r.IntN(4) == 0:
			line = "m v=\"" + strings.Repeat("z", longestLine+r.IntN(200_000))
			bad = append(bad, "") // a part of it
			b.WriteString(line + "\"\n")
			continue
		default:
			line = fmt.Sprintf("m,k=%d v=%di %d", r.IntN(5), i, i)
		}
		good[at] = append(good[at], line+"\n")
		b.WriteString(line + "\n")
	}
	return b.String(), good, bad
}

// choppy reads pieces of random sizes.
type choppy struct {
	r    *strings.Reader
	rand *rand.Rand
}

func (c choppy) Read(p []byte) (int, error) {
	return c.r.Read(p[:1+c.rand.IntN(len(p))>>c.rand.IntN(12)])
}

// TestSendRandom holds that what a server gets are the good lines, each at its place, that
// the others are kept, and that the account is right, however the input arrives.
func TestSendRandom(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	for n := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, n))
		text, good, bad := randomLines(r)
		s := influxtest.New(t)
		dead := t.TempDir() + "/dead"
		goods := 0
		for _, lines := range good {
			goods += len(lines)
		}
		got, said := sendTo(t.Context(), choppy{strings.NewReader(text), r}, s.URL, "-url", s.URL+"?db=d", "-dead", dead, "-parallel", "1")
		if want := min(1, len(bad)); got != want {
			t.Errorf("%d: status %d", n, got)
		}
		sent(t, said, goods+len(bad), goods, 0, len(bad), 0)
		list := map[string]string{}
		for _, r := range s.Requests() {
			list[r.Query.Encode()] += string(r.Body)
		}
		for place, lines := range good {
			if list[place] != strings.Join(lines, "") {
				t.Errorf("%d: %s got %d bytes, want %d", n, place, len(list[place]), len(strings.Join(lines, "")))
			}
		}
		if len(list) != len(good) {
			t.Errorf("%d: %d places, want %d", n, len(list), len(good))
		}
		if t.Failed() {
			t.Fatalf("%.2000q", text)
		}
	}
}

// TestSendKeepsBad holds that lines that are refused are kept as they were.
func TestSendKeepsBad(t *testing.T) {
	var d lp.Decoder
	d.Reset([]byte("m v=1"))
	if _, err := d.Next(); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"m\n", "\tm v=\n", "m v=\"open\n", "m v=1\r\n", "\r\n", "m v=1 x", strings.Repeat("k", 70_000) + " v=1\n"} {
		s := influxtest.New(t)
		dead := t.TempDir() + "/dead"
		got, said := sendTo(t.Context(), strings.NewReader("# x\n\nm v=1 1\n# y\n\n"+bad), s.URL, "-db", "d", "-dead", dead)
		if got != 1 {
			t.Errorf("%.20q: status %d", bad, got)
		}
		sent(t, said, 2, 1, 0, 1, 0)
		kept := readFile(t, dead)
		if _, line, _ := strings.Cut(kept, "\n"); line != strings.TrimSuffix(bad, "\n")+"\n" {
			t.Errorf("%.20q: kept %.200q", bad, line)
		}
	}
}

// TestSendLongLine holds that the rest of a line that is too long is no comment, wherever it
// is cut.
func TestSendLongLine(t *testing.T) {
	for cut := -3; cut <= 3; cut++ {
		long := "m v=" + strings.Repeat("1", longestLine-64-len("m v=")+cut) + "# CONTEXT-DATABASE:trap"
		s := influxtest.New(t)
		got, said := sendTo(t.Context(), strings.NewReader("m v=1 1\n"+long+"\nm v=2 2\n"), s.URL, "-url", s.URL+"?db=d")
		if got != 1 {
			t.Errorf("%d: status %d", cut, got)
		}
		sent(t, said, 3, 2, 1, 0, 0)
		if list := written(s, true); !slices.Equal(list, []string{"db=d m v=1 1\n", "db=d m v=2 2\n"}) {
			t.Errorf("%d: sent %q", cut, list)
		}
	}
}

// FuzzSend holds for any input that the lines which send reads are those of a decoder, and
// that its account adds up.
func FuzzSend(f *testing.F) {
	for _, s := range []string{goodLines, badLines, importFile, "# CONTEXT-DATABASE:\nm v=1", "\x00# CONTEXT-RETENTION-POLICY:x\n m v=1\n", "m v=\"\n# CONTEXT-DATABASE:x", "\x1f\x8b\x08", "\x28\xb5\x2f\xfd", "#"} {
		f.Add([]byte(s), uint16(1))
		f.Add([]byte(s), uint16(7))
	}
	url := "http://" + influxtest.NewSink(f)
	f.Fuzz(func(t *testing.T, text []byte, seed uint16) {
		points, faults := 0, 0
		for _, err := range lp.Points(text) {
			if err != nil {
				faults++
			} else {
				points++
			}
		}
		in := choppy{strings.NewReader(string(text)), rand.New(rand.NewPCG(uint64(seed), 0))}
		got, said := sendTo(t.Context(), in, url, "-db", "d", "-rp", "r", "-gzip=false")
		compressed := len(text) > 2 && text[0] == 0x1f || len(text) > 3 && (text[0] == 0x28 || text[0]&0xf0 == 0x50)
		switch {
		case strings.Contains(said, errSendAccount.Error()):
			t.Errorf("status %d\n%s", got, said)
		case compressed || strings.HasPrefix(string(text), "#") && strings.Contains(string(text), "# DDL"):
		case got != min(1, faults):
			t.Errorf("status %d, %d faults\n%s", got, faults, said)
		default:
			sent(t, said, points+faults, points, faults, 0, 0)
		}
	})
}
