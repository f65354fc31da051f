//go:build linux

package cluster

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A witness stands between the Writer and the sqls and notes which points a sql said it
// stored, and when. It tells a point that the cluster lost from one that the Writer took
// for stored without a word of a server.
type witness struct {
	mu    sync.Mutex
	told  map[int]time.Time // ids of points whose request had the status 204
	event func() string
	says  map[string]int // what was no success, by event and text
}

// newWitness returns a witness; event says what is going on.
func newWitness(event func() string) *witness {
	return &witness{told: make(map[int]time.Time), event: event, says: make(map[string]int)}
}

// watch returns the address of a proxy in front of a server. It ends with the test.
func (w *witness) watch(t *testing.T, server string) string {
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:      &http.Transport{MaxIdleConnsPerHost: 64},
		ModifyResponse: w.note,
		ErrorHandler: func(_ http.ResponseWriter, r *http.Request, err error) {
			w.count("no response: " + err.Error())
			panic(http.ErrAbortHandler) // the Writer gets no response, either
		},
	}
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(rw, r.WithContext(context.WithValue(r.Context(), bodyKey{}, body)))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// bodyKey is the key of a request's body in its context.
type bodyKey struct{}

func (w *witness) note(r *http.Response) error {
	body, ok := r.Request.Context().Value(bodyKey{}).([]byte)
	if r.StatusCode != http.StatusNoContent {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		r.Body = io.NopCloser(bytes.NewReader(text))
		if r.StatusCode != http.StatusOK {
			w.count(fmt.Sprintf("%d %s", r.StatusCode, bytes.TrimSpace(text)))
		}
		return nil
	}
	if !ok || !strings.HasSuffix(r.Request.URL.Path, "/write") {
		return nil
	}
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	for line := range bytes.Lines(body) {
		if id, err := idOf(line); err == nil && bytes.Equal(line, appendPoint(nil, id)) {
			w.told[id] = now
		}
	}
	return nil
}

// idOf reads the id of a line of appendPoint.
func idOf(line []byte) (int, error) {
	_, rest, _ := bytes.Cut(line, []byte(" id="))
	text, _, _ := bytes.Cut(rest, []byte("i,"))
	return strconv.Atoi(string(text))
}

func (w *witness) count(what string) {
	event := w.event()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.says[event+": "+what]++
}

// acknowledged returns how many points a sql acknowledged.
func (w *witness) acknowledged() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.told)
}

// String lists what was no success.
func (w *witness) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%d points acknowledged by sqls", len(w.told))
	for _, text := range slices.Sorted(maps.Keys(w.says)) {
		fmt.Fprintf(&b, "\n%dx %s", w.says[text], text)
	}
	return b.String()
}

// sort tells the lost points that a sql acknowledged from the others, and describes the
// former by what happened when they were acknowledged.
func (w *witness) sort(lost []int, began time.Time, events []moment) (acknowledged int, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	slices.Sort(lost)
	for i := 0; i < len(lost); {
		first := lost[i]
		at, told := w.told[first]
		j := i
		for j < len(lost) && lost[j]-lost[i] <= j-i+series*8 {
			if next, ok := w.told[lost[j]]; ok != told || next.Sub(at).Abs() > time.Second {
				break
			}
			j++
		}
		if told {
			acknowledged += j - i
			fmt.Fprintf(&b, "\n%d of the points %d to %d: acknowledged after %v, during %s", j-i, first, lost[j-1], at.Sub(began).Round(time.Millisecond), during(events, at))
		} else {
			fmt.Fprintf(&b, "\n%d of the points %d to %d: never acknowledged by a server", j-i, first, lost[j-1])
		}
		i = j
	}
	return acknowledged, b.String()
}

// A moment is when something began to happen.
type moment struct {
	at    time.Time
	event string
}

func during(events []moment, at time.Time) string {
	what := "the start"
	for _, m := range events {
		if m.at.After(at) {
			break
		}
		what = m.event
	}
	return what
}

// TestWitness checks, without a cluster, that a witness passes on what a server says and
// believes nothing but its 204.
func TestWitness(t *testing.T) {
	status := http.StatusNoContent
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		rw.WriteHeader(status)
		if status != http.StatusNoContent {
			fmt.Fprintf(rw, "%d bytes refused", len(body))
		}
	}))
	defer server.Close()
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	w := newWitness(func() string { return "a test" })
	url := w.watch(t, server.URL)
	began := time.Now()
	for id, s := range []int{http.StatusNoContent, http.StatusInternalServerError, 0, http.StatusNoContent} {
		status = s
		body := appendPoint(nil, id)
		resp, err := http.Post(url+"/write?db=x", "", bytes.NewReader(body))
		if s == 0 {
			if err == nil {
				t.Errorf("a response that the server did not give: %s", resp.Status)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if want := fmt.Sprintf("%d bytes refused", len(body)); err != nil || resp.StatusCode != s || s != http.StatusNoContent && string(text) != want {
			t.Errorf("%s %q, %v; want status %d", resp.Status, text, err, s)
		}
	}
	acknowledged, text := w.sort([]int{0, 1, 2, 3}, began, []moment{{began, "a test"}})
	if acknowledged != 2 || !strings.Contains(text, "2 of the points 1 to 2: never acknowledged") {
		t.Errorf("%d points acknowledged:%s", acknowledged, text)
	}
	if s := w.String(); !strings.Contains(s, "1x a test: 500 56 bytes refused") || !strings.Contains(s, "1x a test: no response") {
		t.Error(s)
	}
}
