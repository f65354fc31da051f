package dialects

import (
	"errors"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/line/dialect"
	"github.com/pointwire/pointwire/lp"
)

// TestPortable writes every short text as a name in every position with the dialect
// Portable. Every parser must read the accepted ones with the same structure: the same
// number of points, tags and fields, and the same names except for backslashes, which
// VictoriaMetrics reads in pairs. Influx1 is compared only with the readers of InfluxDB.
func TestPortable(t *testing.T) {
	const letters = "a\\, =\""
	for _, d := range []lp.Dialect{lp.Portable, lp.Influx1} {
		taken, refused := 0, 0
		var texts func(text string, n int)
		texts = func(text string, n int) {
			if text != "" {
				for position := range 4 {
					p := dialect.Point{Measurement: "m", Tags: [][2]string{{"k", "v"}, {"z", "w"}}, Fields: []dialect.Field{{Key: "f", Value: int64(1)}, {Key: "g", Value: 2.5}}, Time: 1, Stamped: true}
					switch position {
					case 0:
						p.Measurement = text
					case 1:
						p.Tags[0][0] = text
					case 2:
						p.Tags[0][1] = text
					case 3:
						p.Fields[0].Key = text
					}
					var e lp.Encoder
					e.SetOptions(lp.Options{Dialect: d})
					if err := write(&e, p); err != nil {
						if !errors.As(err, new(*lp.PointError)) {
							t.Fatal(err)
						}
						refused++
						continue
					}
					taken++
					requireStructure(t, string(e.Bytes()), p, d)
				}
			}
			for i := 0; n > 0 && i < len(letters); i++ {
				texts(text+letters[i:i+1], n-1)
			}
		}
		texts("", 5)
		t.Logf("%v: %d taken, %d refused", d, taken, refused)
		if taken < 10_000 {
			t.Errorf("%v takes only %d texts", d, taken)
		}
	}
}

func write(e *lp.Encoder, p dialect.Point) error {
	e.Point(p.Measurement)
	for _, g := range p.Tags {
		e.Tag(g[0], g[1])
	}
	e.Int(p.Fields[0].Key, 1)
	e.Float(p.Fields[1].Key, 2.5)
	return e.EndTimestamp(p.Time)
}

// loose returns p without the parts in which readers differ: all backslashes, and values
// that are not numbers.
func loose(p dialect.Point) string {
	p = p.Numbers()
	clean := func(s string) string { return strings.ReplaceAll(s, `\`, "") }
	p.Measurement = clean(p.Measurement)
	tags := p.Tags
	p.Tags = nil
	for _, g := range tags {
		p.Tags = append(p.Tags, [2]string{clean(g[0]), clean(g[1])})
	}
	for i := range p.Fields {
		p.Fields[i].Key = clean(p.Fields[i].Key)
	}
	return p.String()
}

func requireStructure(t *testing.T, body string, want dialect.Point, d lp.Dialect) {
	t.Helper()
	if got := dialect.Reading(influx2(body)); got != want.String() {
		t.Fatalf("InfluxDB reads %q as %s, want %s", body, got, want)
	}
	for _, reader := range []struct {
		of   dialect.Reader
		read func(string) ([]dialect.Point, bool, bool)
	}{{dialect.VictoriaMetrics, victoria}, {dialect.LineProtocol, reference}} {
		points, refused, _ := reader.read(body)
		if refused || len(points) != 1 || loose(points[0]) != loose(want) {
			if d == lp.Influx1 && reader.of == dialect.VictoriaMetrics {
				continue
			}
			t.Fatalf("%v reads %q as %v (refused: %v), want %s", reader.of, body, points, refused, want)
		}
	}
}
