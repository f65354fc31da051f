package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/admin"
	"github.com/pointwire/pointwire/fastclient/influxql"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/lp"
)

// keys are the tags and fields of a database by measurement.
type keys map[string]*measurementKeys

type measurementKeys struct {
	Tags []string
	// Fields are the types of the fields, Null for one that differs between shards.
	Fields  map[string]frame.Type
	several map[string]*severalTypes // fields that have them, unless all are numbers
}

// severalTypes are the types of a field, numbers being one of them: a query that names none
// gets the numbers if there are some, and otherwise the texts.
type severalTypes struct{ number, text, boolean bool }

func (s *severalTypes) add(t frame.Type) {
	s.number, s.text, s.boolean = s.number || isNumber(t), s.text || t == frame.String, s.boolean || t == frame.Bool
}

// others returns the types that a query must name.
func (s *severalTypes) others() (list []string) {
	if s.text && s.number {
		list = append(list, "string")
	}
	if s.boolean {
		list = append(list, "boolean")
	}
	return list
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
			k[measurement] = &measurementKeys{Fields: map[string]frame.Type{}, several: map[string]*severalTypes{}}
		}
		return k[measurement]
	}
	for _, t := range tags {
		m := of(t.Measurement)
		m.Tags = append(m.Tags, t.Key)
	}
	for _, f := range fields {
		m, t := of(f.Measurement), fieldTypes[f.Type]
		before, seen := m.Fields[f.Key]
		if !seen || before == t {
			m.Fields[f.Key] = t
			continue
		}
		m.Fields[f.Key] = frame.Null
		if isNumber(before) && isNumber(t) && m.several[f.Key] == nil {
			continue
		}
		if m.several[f.Key] == nil {
			m.several[f.Key] = new(severalTypes)
			m.several[f.Key].add(before)
		}
		m.several[f.Key].add(t)
	}
	return k, nil
}

// queries returns those that have all points of the database, each of one measurement. A field of
// several types has one more for the values of each type that others leave out.
func (k keys) queries() (list []string) {
	for _, name := range slices.Sorted(maps.Keys(k)) {
		m := k[name]
		if len(m.Fields) == 0 {
			continue // its points are deleted
		}
		from := string(influxql.AppendIdent([]byte(" FROM "), name)) + " GROUP BY *"
		list = append(list, "SELECT *"+from)
		for _, field := range slices.Sorted(maps.Keys(m.several)) {
			for _, t := range m.several[field].others() {
				list = append(list, string(influxql.AppendIdent([]byte("SELECT "), field))+"::"+t+from)
			}
		}
	}
	return list
}

// apply gives the columns of f their roles and types.
func (k keys) apply(f *frame.Frame) error {
	m := k[f.Measurement]
	switch {
	case f.Time == nil:
		return fmt.Errorf("statement %d has rows without a time, which are no points", f.StatementID)
	case m == nil:
		return fmt.Errorf("the database has no measurement %q: name that of the query by -db", f.Measurement)
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
			return fmt.Errorf("%q has a tag and a field %q, which only a query with GROUP BY * tells apart", f.Measurement, c.Name)
		case tag && !field:
			c.Role = frame.Tag
		case field && t != frame.Null && c.Type != frame.String:
			if err := c.Convert(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// isNumber reports whether the server converts values of t to floats where a field has several
// types; Null stands for such a field.
func isNumber(t frame.Type) bool {
	return t == frame.Float64 || t == frame.Int64 || t == frame.Uint64 || t == frame.Null
}
