package itest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/internal/line/dialect"
	"github.com/pointwire/pointwire/lp"
)

// appendAll appends lines to a new Writer. It returns the Writer's statistics when all lines
// are settled, and the error of the append.
func appendAll(t *testing.T, c *fastclient.Client, o batch.Options, lines string) (batch.Stats, error) {
	t.Helper()
	w, err := batch.NewWriter(c, o)
	if err != nil {
		t.Fatal(err)
	}
	appended := w.Append(t.Context(), []byte(lines))
	if err := w.Close(t.Context()); err != nil {
		t.Errorf("%.100q: close: %v", lines, err)
	}
	return w.Stats(), appended
}

// readingOf returns the stored points as a reading in the form of the table of dialects.
func readingOf(t *testing.T, s *Server, db string) string {
	t.Helper()
	points, lost := everythingIn(t, s, db)
	return dialect.Reading(points, false, lost)
}

// TestWriterAcksWhatIsStored appends the body of each row of the table of dialects, between
// good lines. The Writer must acknowledge the lines that it appended, and the server must
// have exactly these, line by line and value by value.
func TestWriterAcksWhatIsStored(t *testing.T) {
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		reader := dialect.InfluxDB18 // 1.6.7 does not differ here
		if strings.HasPrefix(s.Version(), "v2.") {
			reader = dialect.InfluxDB2
		}
		for _, r := range dialect.Rows {
			// The fields have different names, since a query over all measurements
			// returns one type for each name.
			body := "good1 g=1i 1\n" + r.Body + "good2 g=3i 1\ngood3 s=\"a\nb\" 1\n"
			own, rules := dialect.Read(body)
			if cell, differs := r.Reads[reader]; differs && r.Rule == 0 && cell != dialect.Nothing {
				continue // the server refuses a value that pointwire can carry, or keeps one of two
			}
			want := strings.ReplaceAll(dialect.Reading(own, false, false), `\xff`, "\ufffd")
			db := newDatabase(t, s, "acks")
			c := newClient(t, s, fastclient.Options{Database: db})
			n, err := appendAll(t, c, batch.Options{}, body)
			if (err != nil) != (len(rules) > 0) || err != nil && !errors.Is(err, rules[0]) {
				t.Errorf("%s: the append returns %v, want %v", r.Name, err, rules)
			}
			if k := uint64(len(own)); n.Appended.Lines != k || n.Acked.Lines != k || n.Rejected.Lines != 0 || n.RefusedInvalid != uint64(len(rules)) {
				t.Errorf("%s: %d lines are accepted, the statistics are %+v %+v %+v, refused %d of %d", r.Name, k, n.Appended, n.Acked, n.Rejected, n.RefusedInvalid, len(rules))
			}
			if got := readingOf(t, s, db); got != want {
				t.Errorf("%s: %q is stored as\n%s\nwant\n%s", r.Name, body, got, want)
			}
		}
	})
}

// TestWriterAfterOpenQuote checks that a line whose quote stays open affects no other line:
// all others are stored and counted.
func TestWriterAfterOpenQuote(t *testing.T) {
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		for _, bad := range []string{`bad v=2" 1`, `bad v=2\ 1`, `bad v="2 1`, `bad,k=" v=1" 1`, `bad v=t"`, `bad v="2"" 1`, "bad v=\"2\\\" 1"} {
			db := newDatabase(t, s, "quotes")
			c := newClient(t, s, fastclient.Options{Database: db})
			n, err := appendAll(t, c, batch.Options{}, "good1 v=1i 1\n"+bad+"\ngood2 v=3i 1\ngood3 v=4i 1\n")
			var se *lp.SyntaxError
			if !errors.As(err, &se) || se.Line != 2 {
				t.Errorf("%q: %v", bad, err)
			}
			if n.Appended.Lines != 3 || n.Acked.Lines != 3 || n.Rejected.Lines != 0 || n.RefusedInvalid != 1 {
				t.Errorf("%q: appended %d, acked %d, rejected %d, refused %d", bad, n.Appended.Lines, n.Acked.Lines, n.Rejected.Lines, n.RefusedInvalid)
			}
			if got := readingOf(t, s, db); got != `"good1" | "v"=1i @1; "good2" | "v"=3i @1; "good3" | "v"=4i @1` {
				t.Errorf("%q: stored is %s", bad, got)
			}
		}
	})
}

// looseLines are lines as people and other clients write them. All mean m,k=v f=1 1.
var looseLines = []string{
	"m,k=v f=1 1 \n", "  m,k=v f=1 1\n", "\tm,k=v   f=1 \t 1\n", "m,k=v f=1   1   \n", "   \n\t\n  # a comment\n\n\t\tm,k=v f=1 1\n",
	"# a=\"b\nm,k=v f=1 1\n", " # a\\\nm,k=v f=1 1", "m,k=v \x00f=1 \t1",
}

// TestLooseLines checks that every way to write raw lines accepts white space and comments
// around lines, and adds tags to lines but not to comments.
func TestLooseLines(t *testing.T) {
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		db := newDatabase(t, s, "loose")
		c := newClient(t, s, fastclient.Options{Database: db})
		const plain, tagged = `"m" "k"="v" | "f"=1 @1`, `"m" "host"="h 1" "k"="v" | "f"=1 @1`
		for _, lines := range looseLines {
			for _, way := range []struct {
				name, want string
				write      func() error
			}{
				{"Append", plain, func() error {
					_, err := appendAll(t, c, batch.Options{}, lines)
					return err
				}},
				{"WriteFrom", plain, func() error {
					_, err := c.WriteFrom(t.Context(), strings.NewReader(lines))
					return err
				}},
				{"WritePoints", plain, func() error {
					return fastclient.WritePoints(t.Context(), c, []fastclient.Lines{fastclient.Lines(lines)})
				}},
				{"WritePoints with ExtraTags", tagged, func() error {
					return fastclient.WritePoints(t.Context(), c, []fastclient.Lines{fastclient.Lines(lines)}, fastclient.DefaultTags(lp.Tag{Key: "host", Value: "h 1"}))
				}},
			} {
				newDatabase(t, s, "loose")
				if err := way.write(); err != nil {
					t.Errorf("%s of %q: %v", way.name, lines, err)
				}
				if got := readingOf(t, s, db); got != way.want {
					t.Errorf("%s of %q: %s, want %s", way.name, lines, got, way.want)
				}
			}
		}
		// A line without a timestamp ends with a space, as aioinflux writes it.
		newDatabase(t, s, "loose")
		if _, err := appendAll(t, c, batch.Options{}, "m v=1 \n"); err != nil {
			t.Error(err)
		}
		if points, _ := everythingIn(t, s, db); len(points) != 1 {
			t.Errorf("%d points", len(points))
		}
	})
}

// TestLongCommentWithQuote writes 20 MB of lines after a comment with a quote.
func TestLongCommentWithQuote(t *testing.T) {
	if testing.Short() {
		t.Skip("20 MB")
	}
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		db := newDatabase(t, s, "comment")
		c := newClient(t, s, fastclient.Options{Database: db})
		const times = 5000
		line := "m s=\"" + strings.Repeat("x", 4000) + "\" "
		var body bytes.Buffer
		body.WriteString(" # a=\"b\n")
		for i := range times {
			body.WriteString(line)
			body.Write(lp.AppendTimestamp(nil, int64(i)))
			body.WriteByte('\n')
		}
		size := int64(body.Len())
		if n, err := c.WriteFrom(t.Context(), &body); err != nil || n != size {
			t.Fatalf("%d of %d bytes: %v", n, size, err)
		}
		if got := query(t, s, db, "SELECT count(s) FROM m", "epoch", "ns"); !strings.Contains(got, "[[0,5000]]") {
			t.Errorf("stored: %s", got)
		}
	})
}

// TestOwnLinesAreTaken checks that every function that takes lines accepts those that an
// Encoder writes under Influx1, and adds tags to them. Under Portable they are refused.
func TestOwnLinesAreTaken(t *testing.T) {
	tags := []struct {
		key, value string
		portable   bool
	}{{"k", `C:\,x`, false}, {"k", `a\=b`, false}, {`\=a`, "v", false}, {`\=x`, "v", false}, {`a\,b`, `\\,`, false}, {"k", `\\server\share`, true}, {"k", `C:\Windows`, true}}
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		db := newDatabase(t, s, "own")
		c := newClient(t, s, fastclient.Options{Database: db})
		for _, g := range tags {
			if err := lp.CheckTag(g.key, g.value); errors.Is(err, lp.ErrNotPortable) == g.portable || (err == nil) != g.portable {
				t.Errorf("%q=%q under Portable: %v", g.key, g.value, err)
			}
			var e lp.Encoder
			e.SetOptions(lp.Options{Dialect: lp.Influx1})
			e.Point("m")
			e.Tag(g.key, g.value)
			e.Float("f", 1)
			if err := e.EndTimestamp(1); err != nil {
				t.Fatalf("%q=%q: %v", g.key, g.value, err)
			}
			own := dialect.Point{Measurement: "m", Tags: [][2]string{{g.key, g.value}}, Fields: []dialect.Field{{Key: "f", Value: 1.0}}, Time: 1, Stamped: true}
			tagged := own
			tagged.Tags = append([][2]string{{"x", "y"}}, own.Tags...)
			lines := fastclient.Lines(e.Bytes())
			for _, way := range []struct {
				name  string
				want  dialect.Point
				write func() error
			}{
				{"Append", own, func() error {
					_, err := appendAll(t, c, batch.Options{}, string(lines))
					return err
				}},
				{"AppendPoints", own, func() error {
					w, err := batch.NewWriter(c, batch.Options{})
					if err != nil {
						return err
					}
					return errors.Join(w.AppendPoints(t.Context(), lines), w.Close(t.Context()))
				}},
				{"Encoder.Line", own, func() error {
					var other lp.Encoder
					if err := other.Line(lines); err != nil {
						return err
					}
					return c.Write(t.Context(), other.Bytes())
				}},
				{"WriteFrom", own, func() error {
					_, err := c.WriteFrom(t.Context(), bytes.NewReader(lines))
					return err
				}},
				{"WritePoints with ExtraTags", tagged, func() error {
					return fastclient.WritePoints(t.Context(), c, []fastclient.Lines{lines}, fastclient.DefaultTags(lp.Tag{Key: "x", Value: "y"}))
				}},
			} {
				newDatabase(t, s, "own")
				if err := way.write(); err != nil {
					t.Errorf("%s of %q: %v", way.name, lines, err)
				}
				if got := readingOf(t, s, db); got != way.want.String() {
					t.Errorf("%s of %q: %s, want %s", way.name, lines, got, way.want)
				}
			}
		}
	})
}

// TestCarriageReturns checks that lines from Windows are refused with a reason that names
// the carriage return, and accepted with TrimCR.
func TestCarriageReturns(t *testing.T) {
	const lines = "m v=1 1\r\nm s=\"a\r\nb\",t=\"c\" 2\r\n\r\nm v=3 3\r\n"
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		db := newDatabase(t, s, "windows")
		c := newClient(t, s, fastclient.Options{Database: db})
		if _, err := appendAll(t, c, batch.Options{}, lines); !errors.Is(err, lp.RuleCarriageReturn) {
			t.Errorf("Append: %v", err)
		}
		if _, err := c.WriteFrom(t.Context(), strings.NewReader(lines)); !errors.Is(err, lp.RuleCarriageReturn) {
			t.Errorf("WriteFrom: %v", err)
		}
		if _, err := c.WriteFrom(t.Context(), io.MultiReader(strings.NewReader("\xef\xbb\xbf"), strings.NewReader("m v=1 1\n"))); !errors.Is(err, lp.RuleByteOrderMark) {
			t.Errorf("byte order mark: %v", err)
		}
		if _, err := appendAll(t, c, batch.Options{}, "\xef\xbb\xbfm v=1 1\n"); !errors.Is(err, lp.RuleByteOrderMark) {
			t.Errorf("byte order mark: %v", err)
		}
		if got := readingOf(t, s, db); got != dialect.Nothing {
			t.Errorf("stored without TrimCR: %s", got)
		}
		const want = `"m" | "s"="a\r\nb" "t"="c" @2; "m" | "v"=1 @1; "m" | "v"=3 @3`
		for name, write := range map[string]func() error{
			"Append": func() error {
				_, err := appendAll(t, c, batch.Options{TrimCR: true}, lines)
				return err
			},
			"WriteFrom": func() error {
				_, err := c.WriteFrom(t.Context(), strings.NewReader(lines), fastclient.TrimCR())
				return err
			},
		} {
			newDatabase(t, s, "windows")
			if err := write(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if got := readingOf(t, s, db); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
	})
}
