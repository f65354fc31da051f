package itest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/pointwire/pointwire/fastclient/batch"
)

// A spoiler makes lines unparsable on their way to the server, since a Writer would not
// accept unparsable lines. It replaces a good field value by an invalid one, and restores
// the good value where the response quotes the line.
type spoiler struct{ next *http.Transport }

const spoilGood, spoilBad = "zq_q=1i", "zq_q=1x"

func (s *spoiler) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/write") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.GetBody = nil
		r.Body = io.NopCloser(bytes.NewReader(bytes.ReplaceAll(body, []byte(spoilGood), []byte(spoilBad))))
	}
	resp, err := s.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 400 {
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return nil, err
		}
		resp.Body = io.NopCloser(bytes.NewReader(bytes.ReplaceAll(body, []byte(spoilBad), []byte(spoilGood))))
	}
	return resp, nil
}

// A lossLog is a dead letter that finds the numbers of its lines.
type lossLog struct {
	mu    sync.Mutex
	lines map[int]batch.Reason
	texts map[int]string // the server's reasons
	least int            // number of uncertain lines that are lost at least
	bad   []string
}

var idField = regexp.MustCompile(` id=([0-9]+)i,`)

func (l *lossLog) Put(lost *batch.LostLines) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := idField.FindAllSubmatch(lost.Data, -1)
	if len(found) != lost.Lines || lost.NotStored > lost.Lines {
		l.bad = append(l.bad, fmt.Sprintf("a dead letter of %d lines holds %d, %d of them lost", lost.Lines, len(found), lost.NotStored))
	}
	for _, m := range found {
		id, _ := strconv.Atoi(string(m[1]))
		if _, ok := l.lines[id]; ok {
			l.bad = append(l.bad, fmt.Sprintf("line %d is lost twice", id))
		}
		l.lines[id], l.texts[id] = lost.Reason, lost.Message
	}
	if lost.Reason == batch.ReasonUncertain {
		l.least += lost.NotStored
	}
	return nil
}

// flushLines returns the number of lines in an error of Flush.
func flushLines(err error) (n int) {
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range list.Unwrap() {
			n += flushLines(e)
		}
		return n
	}
	if e, ok := err.(*batch.BatchError); ok {
		n += e.Lines
	}
	return n
}
