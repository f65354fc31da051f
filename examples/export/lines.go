package main

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/admin"
	"github.com/pointwire/pointwire/frame"
)

// lines writes frames as line protocol.
type lines struct {
	w            io.Writer
	tags, fields []admin.MeasurementKey // of the database
	enc          frame.Encoder
	buf          []byte
}

// newLines asks the server which columns are tags, and what the types of fields are.
func newLines(ctx context.Context, c *fastclient.Client, w io.Writer) (*lines, error) {
	tags, err := admin.ShowTagKeys(ctx, c, admin.ShowOptions{})
	if err != nil {
		return nil, err
	}
	fields, err := admin.ShowFieldKeys(ctx, c, admin.ShowOptions{})
	return &lines{w: w, tags: tags, fields: fields}, err
}

var types = map[string]frame.Type{
	"float": frame.Float64, "integer": frame.Int64, "unsigned": frame.Uint64, "boolean": frame.Bool, "string": frame.String,
}

func (l *lines) add(f *frame.Frame) error {
	if f.Time == nil {
		return errors.New("rows without a time are no points")
	}
	for i := range f.Columns {
		c := &f.Columns[i]
		of := func(k admin.MeasurementKey) bool { return k.Measurement == f.Measurement && k.Key == c.Name }
		k := slices.IndexFunc(l.fields, of)
		switch {
		case c.Role == frame.Tag: // of GROUP BY
		case k >= 0:
			if err := c.Convert(types[l.fields[k].Type]); err != nil {
				return err
			}
		case slices.ContainsFunc(l.tags, of):
			c.Role = frame.Tag
		}
	}
	var err error
	l.buf, err = l.enc.Append(l.buf[:0], f)
	_, failed := l.w.Write(l.buf)
	return errors.Join(err, failed)
}

func (l *lines) end() error { return nil }
