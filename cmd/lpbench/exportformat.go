package main

import (
	"bytes"
	"errors"
	"slices"
	"strconv"

	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/lp"
)

// A lineWriter writes frames as line protocol.
type lineWriter struct {
	e    *exporter
	keys keys
	enc  frame.Encoder
	buf  []byte
}

func newLineWriter(e *exporter, k keys) *lineWriter {
	w := &lineWriter{e: e, keys: k}
	if db := e.o.header; db != "" {
		w.buf = append(w.buf, "# DML\n# CONTEXT-DATABASE:"+db+"\n"...)
		if rp := e.o.rp; rp != "" {
			w.buf = append(w.buf, "# CONTEXT-RETENTION-POLICY:"+rp+"\n"...)
		}
	}
	return w
}

func (w *lineWriter) frame(f *frame.Frame) error {
	err := w.keys.apply(f)
	if err != nil {
		return err
	}
	before := w.enc.Lines()
	w.buf, err = w.enc.Append(w.buf, f)
	if bad, ok := errors.AsType[*lp.PointError](err); ok {
		w.e.refused += int64(1 + bad.Others)
		if w.e.first == nil {
			w.e.first = err
		}
	} else if err != nil {
		return err
	}
	w.e.rows += int64(w.enc.Lines() - before)
	return w.end()
}

func (w *lineWriter) end() error {
	_, err := w.e.out.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}

// A csvWriter writes frames as CSV, with a header wherever the columns change.
type csvWriter struct {
	e      *exporter
	header []string
	buf    []byte
}

func (w *csvWriter) frame(f *frame.Frame) error {
	header := []string{"measurement"}
	if f.Time != nil {
		header = append(header, "time")
	}
	for i := range f.Columns {
		header = append(header, f.Columns[i].Name)
	}
	if !slices.Equal(header, w.header) {
		if w.header != nil {
			w.buf = append(w.buf, '\n')
		}
		w.header = header
		for _, name := range header {
			w.buf = append(appendCell(w.buf, []byte(name)), ',')
		}
		w.buf[len(w.buf)-1] = '\n'
	}
	name := appendCell(nil, []byte(f.Measurement))
	var cell []byte
	for i := range f.Len() {
		w.buf = append(w.buf, name...)
		if f.Time != nil {
			w.buf = append(w.buf, ',')
			if w.e.o.epoch == "" {
				w.buf = lp.AppendRFC3339(w.buf, f.Time[i], f.Precision)
			} else {
				w.buf = strconv.AppendInt(w.buf, f.Time[i], 10)
			}
		}
		for k := range f.Columns {
			c := &f.Columns[k]
			w.buf = append(w.buf, ',')
			if c.Type == frame.String || c.Type == frame.Dict {
				w.buf = appendCell(w.buf, c.Text(i))
				continue
			}
			cell = c.AppendValue(cell[:0], i)
			w.buf = append(w.buf, cell...)
		}
		w.buf = append(w.buf, '\n')
	}
	w.e.rows += int64(f.Len())
	return w.end()
}

func (w *csvWriter) end() error {
	_, err := w.e.out.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}

// appendCell appends a cell of CSV, quoted where RFC 4180 and readers need it.
func appendCell(dst, text []byte) []byte {
	if !bytes.ContainsAny(text, ",\"\r\n") && (len(text) == 0 || text[0] != ' ' && text[0] != '\t') {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	for {
		i := bytes.IndexByte(text, '"')
		if i < 0 {
			return append(append(dst, text...), '"')
		}
		dst = append(append(dst, text[:i]...), `""`...)
		text = text[i+1:]
	}
}
