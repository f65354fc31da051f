package admin

import (
	"context"
	"strconv"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/influxql"
	"github.com/pointwire/pointwire/jsonscan"
)

// ShowOptions narrow a SHOW statement. The zero value asks for everything in
// the client's database.
type ShowOptions struct {
	Database        string // ON, where the statement has it
	RetentionPolicy string // of the measurement in FROM, which it needs
	Measurement     string // FROM
	// Where is a condition in InfluxQL, without the word WHERE. Quote names and values in
	// it with influxql.AppendIdent and AppendText.
	Where         string
	Limit, Offset int // rows of each series of the response, 0 for all
}

// append appends the clauses that are set.
func (o *ShowOptions) append(s *statement) *statement {
	if o.Measurement != "" {
		s.words(" FROM ")
		if o.RetentionPolicy != "" {
			s.name("RetentionPolicy", o.RetentionPolicy).words(".")
		}
		s.name("Measurement", o.Measurement)
	} else if o.RetentionPolicy != "" {
		s.refuse("RetentionPolicy", "needs a Measurement")
	}
	return s
}

func (o *ShowOptions) rest(s *statement) *statement {
	if o.Where != "" {
		s.words(" WHERE ").words(o.Where)
	}
	if o.Limit > 0 {
		s.words(" LIMIT ").words(strconv.Itoa(o.Limit))
	}
	if o.Offset > 0 {
		s.words(" OFFSET ").words(strconv.Itoa(o.Offset))
	}
	return s
}

func (o *ShowOptions) show(words string) *statement {
	s := newStatement(words).clause(" ON ", "Database", o.Database)
	return o.rest(o.append(s))
}

// firstColumn returns the text of the column name, or of the first one if there is no such:
// some servers have only one, under another name.
func firstColumn(row *jsonscan.Row, name string) string {
	if row.Series().Column(name) < 0 && row.Len() == 1 {
		s, _ := row.String(0)
		return s
	}
	return column(row, name)
}

// column returns the text of a column of the response, empty if there is no such column.
func column(row *jsonscan.Row, name string) string {
	s, err := row.String(row.Series().Column(name))
	if err != nil {
		return ""
	}
	return s
}

// list runs s and returns one text of every row.
func list(ctx context.Context, c *fastclient.Client, s *statement, name string, opts ...fastclient.QueryOption) ([]string, error) {
	var out []string
	err := each(ctx, c, s, opts, func(row *jsonscan.Row) error {
		out = append(out, firstColumn(row, name))
		return nil
	})
	return out, err
}

// ShowDatabases returns the names of the databases.
func ShowDatabases(ctx context.Context, c *fastclient.Client, opts ...fastclient.QueryOption) ([]string, error) {
	return list(ctx, c, newStatement("SHOW DATABASES"), "name", opts...)
}

// ShowMeasurements returns the names of the measurements. With a Measurement it returns
// that one, if it exists. A RetentionPolicy is an error: the statement has no place for
// it.
func ShowMeasurements(ctx context.Context, c *fastclient.Client, o ShowOptions, opts ...fastclient.QueryOption) ([]string, error) {
	s := newStatement("SHOW MEASUREMENTS").clause(" ON ", "Database", o.Database)
	if o.RetentionPolicy != "" {
		s.refuse("RetentionPolicy", "is not for SHOW MEASUREMENTS")
	}
	s.clause(" WITH MEASUREMENT = ", "Measurement", o.Measurement)
	return list(ctx, c, o.rest(s), "name", opts...)
}

// ShowSeries returns the keys of the series, such as cpu,host=a, escaped as in
// line protocol.
func ShowSeries(ctx context.Context, c *fastclient.Client, o ShowOptions, opts ...fastclient.QueryOption) ([]string, error) {
	return list(ctx, c, o.show("SHOW SERIES"), "key", opts...)
}

// A MeasurementKey is a tag key or a field key of a measurement.
type MeasurementKey struct {
	Measurement string
	Key         string
	Type        string // of a field: float, integer, string, boolean, unsigned
}

func keys(ctx context.Context, c *fastclient.Client, s *statement, name string, opts ...fastclient.QueryOption) ([]MeasurementKey, error) {
	var out []MeasurementKey
	err := each(ctx, c, s, opts, func(row *jsonscan.Row) error {
		out = append(out, MeasurementKey{row.Series().Name, column(row, name), column(row, "fieldType")})
		return nil
	})
	return out, err
}

// ShowTagKeys returns the tag keys of the measurements.
func ShowTagKeys(ctx context.Context, c *fastclient.Client, o ShowOptions, opts ...fastclient.QueryOption) ([]MeasurementKey, error) {
	return keys(ctx, c, o.show("SHOW TAG KEYS"), "tagKey", opts...)
}

// ShowFieldKeys returns the field keys of the measurements, with their types. A key that
// has several types in several shards comes once for each.
func ShowFieldKeys(ctx context.Context, c *fastclient.Client, o ShowOptions, opts ...fastclient.QueryOption) ([]MeasurementKey, error) {
	return keys(ctx, c, o.show("SHOW FIELD KEYS"), "fieldKey", opts...)
}

// A TagValue is a value that a tag of a measurement has.
type TagValue struct{ Measurement, Key, Value string }

// ShowTagValues returns the values of the tags with the given keys.
func ShowTagValues(ctx context.Context, c *fastclient.Client, keys []string, o ShowOptions, opts ...fastclient.QueryOption) ([]TagValue, error) {
	if len(keys) == 0 {
		return nil, &fastclient.OptionError{Field: "keys", Reason: "is empty"}
	}
	s := newStatement("SHOW TAG VALUES").clause(" ON ", "Database", o.Database)
	o.append(s)
	if len(keys) == 1 {
		s.words(" WITH key = ").name("keys", keys[0])
	} else {
		s.words(" WITH key IN (")
		for i, k := range keys {
			if i > 0 {
				s.words(", ")
			}
			s.name("keys", k)
		}
		s.words(")")
	}
	var out []TagValue
	err := each(ctx, c, o.rest(s), opts, func(row *jsonscan.Row) error {
		out = append(out, TagValue{row.Series().Name, column(row, "key"), column(row, "value")})
		return nil
	})
	return out, err
}

// DropMeasurement deletes a measurement of the client's database with all its
// series.
func DropMeasurement(ctx context.Context, c *fastclient.Client, name string, opts ...fastclient.QueryOption) error {
	return exec(ctx, c, newStatement("DROP MEASUREMENT ").name("Measurement", name), opts...)
}

// DropSeries deletes the series of a measurement that where selects, from all retention
// policies. An empty measurement or condition selects all; one of the two must be given.
// The condition cannot contain times.
func DropSeries(ctx context.Context, c *fastclient.Client, measurement, where string, opts ...fastclient.QueryOption) error {
	return deleteFrom(ctx, c, "DROP SERIES", measurement, where, opts)
}

// Delete deletes the points of a measurement that where selects by tags and time. An
// empty measurement or condition selects all; one of the two must be given.
func Delete(ctx context.Context, c *fastclient.Client, measurement, where string, opts ...fastclient.QueryOption) error {
	return deleteFrom(ctx, c, "DELETE", measurement, where, opts)
}

func deleteFrom(ctx context.Context, c *fastclient.Client, words, measurement, where string, opts []fastclient.QueryOption) error {
	if measurement == "" && where == "" {
		return &fastclient.OptionError{Field: "measurement", Reason: "and where are both empty"}
	}
	s := newStatement(words).clause(" FROM ", "Measurement", measurement)
	if where != "" {
		s.words(" WHERE ").words(where)
	}
	return exec(ctx, c, s, opts...)
}

// DeleteBefore deletes the points of a measurement before t.
func DeleteBefore(ctx context.Context, c *fastclient.Client, measurement string, t time.Time, opts ...fastclient.QueryOption) error {
	if measurement == "" {
		return &fastclient.OptionError{Field: "Measurement", Reason: "is empty"}
	}
	return Delete(ctx, c, measurement, string(influxql.AppendTime([]byte("time < "), t)), opts...)
}
