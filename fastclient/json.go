package fastclient

import (
	"bufio"
	"io"

	"github.com/valyala/fastjson"
)

// JSON reads the whole answer as one tree, for callers that want it as such,
// and closes the result. The documents of a chunked answer are put together:
// their results follow one another under the first document's "results", so
// that a series of several chunks comes in as many pieces.
//
// The tree holds numbers as text; reading a 64-bit integer with GetInt64 is
// exact, but GetFloat64 may be off by the last digit: rows are read exactly by
// [Result.Rows]. The tree takes many times the memory of the answer, which is
// bounded by [Options].MaxResponseBytes, and belongs to the caller. A statement
// that failed is an "error" in the tree, not an error of JSON.
func (r *Result) JSON() (*fastjson.Value, error) {
	defer r.Close()
	if r.body.left < 0 || r.body.left > r.whole {
		r.body.left = r.whole
	}
	var first, results *fastjson.Value
	in := bufio.NewReader(r.body)
	for n := 0; ; {
		line, err := readDocument(in)
		if len(line) > 0 {
			doc, perr := fastjson.ParseBytes(line)
			if perr != nil && (err == nil || err == io.EOF) {
				return nil, r.body.fail(perr)
			}
			if perr == nil && first == nil {
				first, results = doc, doc.Get("results")
				n = len(results.GetArray())
			} else if perr == nil && results != nil {
				for _, more := range doc.GetArray("results") {
					results.SetArrayItem(n, more)
					n++
				}
			}
		}
		switch {
		case err == io.EOF && first == nil:
			return nil, r.body.fail(io.ErrUnexpectedEOF)
		case err == io.EOF:
			return first, nil
		case err != nil:
			return nil, err
		}
	}
}

// readDocument reads a line: each document of InfluxDB's ends with one, and
// holds none in its strings.
func readDocument(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadBytes('\n')
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	return line, err
}
