package jsonscan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// This file is the plain twin of the reader of jsonl: it reads lines with encoding/json, and
// says what a scanner must say.

// The ways in which a jsonl response may end.
const (
	linesWhole     = "whole"
	linesTruncated = "truncated"
	linesWrong     = "wrong"
	linesTwice     = "twice" // a row has a column twice
)

// plainLines returns the trace of a jsonl response up to what is wrong with it, and how it
// ends. A byte that is not UTF-8 is read as U+FFFD.
func plainLines(body []byte) (text, end string) {
	var b strings.Builder
	var columns []string
	name, begun := "", false
	for len(body) > 0 {
		line, rest, found := bytes.Cut(body, []byte("\n"))
		body = rest
		if len(bytes.Trim(line, " \t\r")) == 0 {
			continue
		}
		if !found {
			return b.String(), linesTruncated
		}
		keys, values, ok := plainObject(line)
		if !ok {
			return b.String(), linesWrong
		}
		now := ""
		for i, key := range keys {
			if key != "iox::measurement" || string(values[i]) == "null" {
				continue
			}
			if values[i][0] != '"' {
				return b.String(), linesWrong
			}
			json.Unmarshal(values[i], &now)
			break
		}
		announce := !begun || now != name
		if announce {
			columns = nil
		}
		name, begun = now, true
		row := map[string]json.RawMessage{}
		for i, key := range keys {
			if _, twice := row[key]; twice {
				return b.String(), linesTwice
			}
			row[key] = values[i]
			if key != "iox::measurement" && !slices.Contains(columns, key) {
				columns = append(columns, key)
				announce = true
			}
		}
		if announce {
			fmt.Fprintf(&b, "series 0 %q %q\n", name, columns)
		}
		b.WriteString("row")
		for _, c := range columns {
			b.WriteString(" " + plainLineCell(row[c]))
		}
		b.WriteByte('\n')
	}
	return b.String(), linesWhole
}

// plainObject returns the members of the object in line, in order.
func plainObject(line []byte) (keys []string, values []json.RawMessage, ok bool) {
	if line = bytes.Trim(line, " \t\r"); !json.Valid(line) || line[0] != '{' {
		return nil, nil, false
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.Token()
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, nil, false
		}
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return nil, nil, false
		}
		if c := v[0]; c == '-' || '0' <= c && c <= '9' {
			if _, err := strconv.ParseFloat(string(v), 64); err != nil {
				return nil, nil, false
			}
		}
		keys, values = append(keys, key.(string)), append(values, v)
	}
	return keys, values, true
}

// plainLineCell returns a cell as traceCell does.
func plainLineCell(raw json.RawMessage) string {
	switch {
	case raw == nil:
		return "null"
	case raw[0] == '[' || raw[0] == '{':
		return strconv.Quote(string(raw))
	case raw[0] == '"':
		var text string
		json.Unmarshal(raw, &text)
		return strconv.Quote(text)
	case raw[0] == 't' || raw[0] == 'f' || raw[0] == 'n':
		return string(raw)
	}
	if text := string(raw); text != "-0" {
		if v, err := strconv.ParseInt(text, 10, 64); err == nil {
			return fmt.Sprintf("i%d", v)
		}
		if v, err := strconv.ParseUint(text, 10, 64); err == nil {
			return fmt.Sprintf("u%d", v)
		}
	}
	v, _ := strconv.ParseFloat(string(raw), 64)
	return fmt.Sprintf("f%v", v)
}

// linesScanner returns a scanner of a jsonl response.
func linesScanner(r io.Reader, size int) *Scanner {
	s := sized(r, size)
	s.JSONLines = true
	return s
}

// traceLines is trace for jsonl, in which the error is not a line, but the end.
func traceLines(s *Scanner) (text, end string, err error) {
	var b strings.Builder
	var last *Series
	for row, err := range s.Rows() {
		var syntax *SyntaxError
		var read *ReadError
		switch {
		case errors.Is(err, ErrDuplicateColumn):
			return b.String(), linesTwice, err
		case errors.As(err, &syntax):
			return b.String(), linesWrong, err
		case errors.As(err, &read) && errors.Is(err, io.ErrUnexpectedEOF):
			return b.String(), linesTruncated, err
		case err != nil:
			return b.String(), fmt.Sprintf("%T", err), err
		}
		if row.Series() != last {
			last = row.Series()
			fmt.Fprintf(&b, "series %d %q %q\n", last.StatementID, last.Name, last.Columns)
		}
		b.WriteString("row")
		for i := range row.Len() {
			b.WriteByte(' ')
			traceCell(&b, row, i)
		}
		b.WriteByte('\n')
	}
	return b.String(), linesWhole, nil
}

// requireLines compares a scanner with the twin, through every buffer and reader.
func requireLines(t *testing.T, body []byte, sizes []int) {
	t.Helper()
	want, wantEnd := plainLines(body)
	var first error
	for _, size := range sizes {
		for name, reader := range readers {
			s := linesScanner(reader(bytes.NewReader(body)), size)
			s.AllowInvalidUTF8 = true
			got, end, err := traceLines(s)
			if got != want || end != wantEnd {
				t.Fatalf("%q: buffer %d, %s: %s (%v)\n%s\nwant: %s\n%s", body, size, name, end, err, got, wantEnd, want)
			}
			if first == nil {
				first = err
			}
			if fmt.Sprint(err) != fmt.Sprint(first) {
				t.Fatalf("%q: buffer %d, %s: %v, before %v", body, size, name, err, first)
			}
		}
	}
	// Without AllowInvalidUTF8 the same, up to what is not UTF-8.
	s := linesScanner(bytes.NewReader(body), 64<<10)
	got, end, err := traceLines(s)
	if end == linesWrong && wantEnd != linesWrong && (strings.Contains(err.Error(), "UTF-8") || strings.Contains(err.Error(), "surrogate")) {
		if utf8.Valid(body) && !bytes.Contains(bytes.ToLower(body), []byte(`\ud`)) {
			t.Fatalf("%q: %v", body, err)
		}
		return
	}
	if !strings.HasPrefix(want, got) || end != wantEnd && end != linesWrong || end == linesWhole && got != want {
		t.Fatalf("%q: strict: %s (%v)\n%s\nwant: %s\n%s", body, end, err, got, wantEnd, want)
	}
}
