// Package golden records the query responses of real InfluxDB servers that the
// tests of the root module replay. Every case is a query over fixed points, so
// recording twice gives the same bytes.
package golden

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pointwire/pointwire/itest"
)

// Entry is one recorded response, as listed in IndexFile.
type Entry struct {
	Name    string `json:"name"`    // of the case
	Version string `json:"version"` // of the server, 1.6.7, 1.8.10 or 2.8.0
	File    string `json:"file"`    // gzip'ed body, beside the index
	About   string `json:"about"`   // purpose of the case

	Setup   string            `json:"setup,omitempty"`  // set-up of the server, if it is not the default
	Method  string            `json:"method"`           // GET or POST
	Params  map[string]string `json:"params"`           // of the query URL
	Accept  string            `json:"accept,omitempty"` // header of the request
	Chunked bool              `json:"chunked,omitempty"`

	Status      int    `json:"status"`
	ContentType string `json:"content_type"`
	Bytes       int    `json:"bytes"` // length of the body
}

// IndexFile is the name of the file that lists all entries. It is a JSON array with one
// entry per line.
const IndexFile = "index.json"

// Response is an entry with its body.
type Response struct {
	Entry
	Body []byte
}

// Record runs every case on fresh servers made by start and returns the responses in the
// order of the cases. start is itest.Start, itest.StartProcess or itest.StartInfluxDB2.
// Record leaves out set-ups that a server does not have.
func Record(start func(itest.Config) (*itest.Server, error)) ([]Response, error) {
	var responses []Response
	for _, setup := range setups {
		s, err := start(setup.config)
		if errors.Is(err, errors.ErrUnsupported) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if setup.only1 && s.Token() != "" {
			if err := s.Close(); err != nil {
				return nil, err
			}
			continue
		}
		r := recorder{server: s, client: s.HTTPClient(), setup: setup.name}
		if setup.config.Auth && s.Token() != "" {
			r.client = http.DefaultClient // sends no token
		}
		err = r.run(&setup)
		responses = append(responses, r.responses...)
		if err := cmp.Or(err, s.Close()); err != nil {
			return nil, err
		}
	}
	return responses, nil
}

// recorder holds the responses of one server.
type recorder struct {
	server    *itest.Server
	client    *http.Client
	setup     string
	responses []Response
}

func (r *recorder) run(setup *setup) error {
	for _, name := range setup.buckets {
		if r.server.Token() == "" {
			break
		}
		if _, err := r.server.CreateBucket(name); err != nil {
			return err
		}
	}
	for _, q := range setup.prepare {
		if r.server.Token() != "" {
			break
		}
		a, err := r.get(&Case{Name: q, Method: http.MethodPost, Params: params{"q": q}})
		if err != nil {
			return err
		}
		if a.Status != http.StatusOK {
			return fmt.Errorf("%s: %d %s", q, a.Status, a.Body)
		}
	}
	for _, w := range setup.writes {
		resp, err := r.client.Post(r.server.URL()+"/write?db="+database, "", strings.NewReader(w()))
		if err != nil {
			return err
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusNoContent {
			return fmt.Errorf("write: %d %s", resp.StatusCode, body)
		}
	}
	for i := range setup.cases {
		a, err := r.get(&setup.cases[i])
		if err != nil {
			return err
		}
		r.responses = append(r.responses, *a)
	}
	return nil
}

// get requests one response.
func (r *recorder) get(c *Case) (*Response, error) {
	values := url.Values{}
	for k, v := range c.Params {
		values.Set(k, v)
	}
	method := cmp.Or(c.Method, http.MethodPost)
	req, err := http.NewRequest(method, r.server.URL()+"/query?"+values.Encode(), nil)
	if err != nil {
		return nil, err
	}
	if c.Accept != "" {
		req.Header.Set("Accept", c.Accept)
	}
	// Without this header net/http would request gzip.
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	version, _, _ := strings.Cut(strings.TrimPrefix(r.server.Version(), "v"), "~")
	return &Response{
		Entry: Entry{
			Name: c.Name, Version: version, File: c.Name + "-" + version + ".json.gz", About: c.About,
			Setup: r.setup, Method: method, Params: c.Params, Accept: c.Accept, Chunked: c.Params["chunked"] == "true",
			Status: resp.StatusCode, ContentType: resp.Header.Get("Content-Type"), Bytes: len(body),
		},
		Body: body,
	}, nil
}

// Write stores the bodies in dir and updates the index there. It keeps entries of other
// versions.
func Write(dir string, responses []Response) error {
	index, err := ReadIndex(dir)
	if err != nil {
		return err
	}
	versions := map[string]bool{}
	for _, a := range responses {
		versions[a.Version] = true
	}
	for _, e := range index {
		if versions[e.Version] {
			if err := os.Remove(filepath.Join(dir, e.File)); err != nil && !os.IsNotExist(err) {
				return err
			}
		}
	}
	index = slices.DeleteFunc(index, func(e Entry) bool { return versions[e.Version] })
	for _, a := range responses {
		if err := os.WriteFile(filepath.Join(dir, a.File), compress(a.Body), 0o644); err != nil {
			return err
		}
		index = append(index, a.Entry)
	}
	slices.SortFunc(index, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	var b bytes.Buffer
	b.WriteString("[\n")
	for i, e := range index {
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		b.Write(line)
		if i < len(index)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("]\n")
	return os.WriteFile(filepath.Join(dir, IndexFile), b.Bytes(), 0o644)
}

// ReadIndex returns the entries of the index in dir, or none if there is no index.
func ReadIndex(dir string) ([]Entry, error) {
	b, err := os.ReadFile(filepath.Join(dir, IndexFile))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var index []Entry
	return index, json.Unmarshal(b, &index)
}

// ReadBody returns the body of e in dir.
func ReadBody(dir string, e Entry) ([]byte, error) {
	f, err := os.Open(filepath.Join(dir, e.File))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// Equal reports whether two entries describe the same request and response.
func Equal(a, b Entry) bool {
	return maps.Equal(a.Params, b.Params) && a.Method == b.Method && a.Accept == b.Accept && a.Setup == b.Setup &&
		a.Status == b.Status && a.ContentType == b.ContentType && a.Bytes == b.Bytes
}

func compress(b []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	z.Write(b)
	z.Close()
	return out.Bytes()
}
