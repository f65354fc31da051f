package itest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/admin"
	"github.com/pointwire/pointwire/fastclient/influxql"
)

// A typed is a value with its type, in the form for the client.
type typed struct {
	Type string `json:"type"` // float, int, uint, bool or string
	Text string `json:"text"`
}

// A clientPoint is a point in the form for the client.
type clientPoint struct {
	Name   string            `json:"name"`
	Tags   map[string]string `json:"tags"`
	Fields map[string]typed  `json:"fields"`
	Time   string            `json:"time"` // in units of the precision, empty for none
}

// texts are texts for every position in which a client can write them. Texts that a client
// does not escape, or escapes for another server, are left out for it.
var texts = []string{
	"plain", "a b", "a,b", "a=b", `a"b`, "it's", " begins", "#hash", "日本語 ü 🎈", `C:\dir`, "x, y=z \"q\"",
}

// stringTexts are texts for string fields only.
var stringTexts = []string{`ends\`, `\`, `"`, `say "\"`, ` both `, "two\nlines", "# no comment", `\n`}

// units maps the word that most clients use to its precision.
var units = map[string]time.Duration{"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "m": time.Minute, "h": time.Hour}

// base is the time of the points. It can be written in every unit.
var base = time.Date(2024, 2, 29, 12, 34, 56, 123456789, time.UTC)

// set returns points in all types and texts of k, in one precision.
func (k *relayClient) set(precision string) (points []clientPoint) {
	add := func(p clientPoint) { points = append(points, p) }
	begin := base.UnixNano() / int64(units[precision])
	at := func() string { return strconv.FormatInt(begin+int64(len(points)), 10) }
	for i, name := range k.names() {
		text, next := k.tagTexts()[i%len(k.tagTexts())], k.tagTexts()[(i+1)%len(k.tagTexts())]
		add(clientPoint{
			Name: name, Tags: map[string]string{"precision": precision, "t" + text: next, text: text},
			Fields: map[string]typed{text + " f": {"float", "1.5"}, text + " i": {"int", strconv.Itoa(i)}}, Time: at(),
		})
	}
	for _, f := range []string{"0", "-0.1", "1e+300", "5e-324", "123456789.123", "1.7976931348623157e+308", "3"} {
		add(clientPoint{Name: "values", Tags: map[string]string{"precision": precision}, Fields: map[string]typed{"f": {"float", f}}, Time: at()})
	}
	for _, n := range []int64{0, -1, k.maxInt, -k.maxInt} {
		add(clientPoint{Name: "values", Tags: map[string]string{"precision": precision}, Fields: map[string]typed{"i": {"int", strconv.FormatInt(n, 10)}}, Time: at()})
	}
	for _, s := range slices.Concat(texts, k.strings()) {
		add(clientPoint{
			Name: "values", Tags: map[string]string{"precision": precision},
			Fields: map[string]typed{"s": {"string", s}, "b": {"bool", strconv.FormatBool(len(points)%2 == 0)}}, Time: at(),
		})
	}
	add(clientPoint{Name: "now", Tags: map[string]string{"precision": precision}, Fields: map[string]typed{"f": {"float", "1.5"}}})
	return points
}

// meant returns the meaning of points, in the form of storedPoints.
func meant(points []clientPoint, unit time.Duration) (list []string) {
	for _, p := range points {
		ts := int64(0)
		if p.Time != "" {
			n, _ := strconv.ParseInt(p.Time, 10, 64)
			ts = n * int64(unit)
		}
		list = append(list, canonical(p.Name, p.Tags, p.Fields, ts))
	}
	return list
}

func canonical(name string, tags map[string]string, fields map[string]typed, ts int64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q", name)
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		fmt.Fprintf(&b, " %q=%q", k, tags[k])
	}
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		text := fields[k].Text
		if fields[k].Type == "float" {
			f, err := strconv.ParseFloat(text, 64)
			text = fmt.Sprint(f, err)
		}
		fmt.Fprintf(&b, " %q=%s:%q", k, fields[k].Type, text)
	}
	if name != "now" {
		fmt.Fprintf(&b, " %d", ts)
	}
	return b.String()
}

// kinds maps the words of SHOW FIELD KEYS to the types.
var kinds = map[string]string{"float": "float", "integer": "int", "unsigned": "uint", "boolean": "bool", "string": "string"}

// storedPoints returns all points of a database, sorted. Points of the measurement now were
// written without a timestamp, so their time must not be before began.
func storedPoints(t *testing.T, c *fastclient.Client, db string, began time.Time) (list []string) {
	t.Helper()
	ctx := t.Context()
	c = c.WithDatabase(db)
	keys, err := admin.ShowFieldKeys(ctx, c, admin.ShowOptions{})
	if err != nil {
		t.Fatal(err)
	}
	types := map[[2]string]string{}
	names := map[string]bool{}
	for _, k := range keys {
		types[[2]string{k.Measurement, k.Key}] = kinds[k.Type]
		names[k.Measurement] = true
	}
	for name := range names {
		q := string(influxql.AppendIdent([]byte("SELECT * FROM "), name)) + " GROUP BY *"
		res, err := c.Query(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range res.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			tags, fields := map[string]string{}, map[string]typed{}
			for _, tag := range row.Series().Tags {
				if tag.Value != "" {
					tags[tag.Key] = tag.Value
				}
			}
			ts, err := row.Timestamp(0)
			if err != nil {
				t.Fatal(err)
			}
			// A server truncates the time to the precision, which is an hour at most.
			if at := time.Unix(0, ts); name == "now" && (at.Before(began.Add(-time.Hour)) || at.After(time.Now())) {
				t.Errorf("a point without a timestamp has the time %v", at)
			}
			for i := 1; i < row.Len(); i++ {
				if row.IsNull(i) {
					continue
				}
				key := row.Series().Columns[i]
				v := typed{types[[2]string{name, key}], string(row.Raw(i))}
				if v.Type == "string" {
					if v.Text, err = row.String(i); err != nil {
						t.Fatal(err)
					}
				}
				fields[key] = v
			}
			list = append(list, canonical(name, tags, fields, ts))
		}
	}
	slices.Sort(list)
	return list
}

// compare reports the differences of two lists.
func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(want)
	if len(want) == 0 {
		t.Errorf("%s: nothing to compare", what)
	}
	if slices.Equal(got, want) {
		return
	}
	t.Errorf("%s: %d points, want %d", what, len(got), len(want))
	for _, p := range got {
		if !slices.Contains(want, p) {
			t.Errorf("got  %s", p)
		}
	}
	for _, p := range want {
		if !slices.Contains(got, p) {
			t.Errorf("want %s", p)
		}
	}
}
