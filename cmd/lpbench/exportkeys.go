package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/admin"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/lp"
)

// keys are the tags and fields of a database by measurement.
type keys map[string]*measurementKeys

type measurementKeys struct {
	Tags []string
	// Fields are the types of the fields, Null for one that differs between shards.
	Fields  map[string]frame.Type
	several map[string]bool // fields of several types that are not all numbers
}

// fieldTypes are the types that SHOW FIELD KEYS names.
var fieldTypes = map[string]frame.Type{
	"float": frame.Float64, "integer": frame.Int64, "unsigned": frame.Uint64, "boolean": frame.Bool, "string": frame.String,
}

// askKeys asks for the keys of the client's database.
func askKeys(ctx context.Context, c *fastclient.Client) (keys, error) {
	tags, err := admin.ShowTagKeys(ctx, c, admin.ShowOptions{})
	if err != nil {
		return nil, fmt.Errorf("SHOW TAG KEYS: %w", err)
	}
	fields, err := admin.ShowFieldKeys(ctx, c, admin.ShowOptions{})
	if err != nil {
		return nil, fmt.Errorf("SHOW FIELD KEYS: %w", err)
	}
	k := keys{}
	of := func(measurement string) *measurementKeys {
		if k[measurement] == nil {
			k[measurement] = &measurementKeys{Fields: map[string]frame.Type{}, several: map[string]bool{}}
		}
		return k[measurement]
	}
	for _, t := range tags {
		m := of(t.Measurement)
		m.Tags = append(m.Tags, t.Key)
	}
	for _, f := range fields {
		m := of(f.Measurement)
		if t, seen := m.Fields[f.Key]; seen && t != fieldTypes[f.Type] {
			m.Fields[f.Key] = frame.Null
			m.several[f.Key] = m.several[f.Key] || !isNumber(t) || !isNumber(fieldTypes[f.Type])
		} else {
			m.Fields[f.Key] = fieldTypes[f.Type]
		}
	}
	return k, nil
}

// apply gives the columns of f their roles and types. It returns the fields of several types,
// of which the server sends only the values of one: numbers of all types, or texts, or bools.
func (k keys) apply(f *frame.Frame) (several []string, err error) {
	m := k[f.Measurement]
	switch {
	case f.Time == nil:
		return nil, fmt.Errorf("statement %d has rows without a time, which are no points", f.StatementID)
	case m == nil:
		return nil, fmt.Errorf("the database has no measurement %q: name that of the query by -db", f.Measurement)
	}
	for i := range f.Columns {
		c := &f.Columns[i]
		if c.Role == frame.Tag {
			continue
		}
		t, field := m.Fields[c.Name]
		tag := slices.Contains(m.Tags, c.Name)
		switch {
		case tag && field && f.TagColumn(c.Name) == nil && !slices.ContainsFunc(f.Tags, func(t lp.Tag) bool { return t.Key == c.Name }):
			return nil, fmt.Errorf("%q has a tag and a field %q, which only a query with GROUP BY * tells apart", f.Measurement, c.Name)
		case tag && !field:
			c.Role = frame.Tag
		case field && t == frame.Null:
			if m.several[c.Name] {
				several = append(several, c.Name)
			}
		case field && c.Type != frame.String:
			if err := c.Convert(t); err != nil {
				return nil, err
			}
		}
	}
	return several, nil
}

// isNumber reports whether the server converts values of t to floats where a field has several
// types; Null stands for such a field.
func isNumber(t frame.Type) bool {
	return t == frame.Float64 || t == frame.Int64 || t == frame.Uint64 || t == frame.Null
}
