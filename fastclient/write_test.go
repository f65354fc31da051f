package fastclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/lp"
)

func TestWriteURIs(t *testing.T) {
	tests := []struct {
		name string
		o    Options
		opts []WriteOption
		want string // path, and the query sorted
		err  error
	}{
		{"v1", Options{}, nil, "/write?db=d", nil},
		{"v1, all", Options{RetentionPolicy: "a b", Precision: Microsecond, Consistency: ConsistencyOne}, nil, "/write?consistency=one&db=d&rp=a+b", nil},
		{"v1, options", Options{RetentionPolicy: "rp"}, []WriteOption{Database("x/y"), WritePrecision(Hour), Consistency(ConsistencyAny)}, "/write?consistency=any&db=x%2Fy&precision=s", nil},
		{"v1, rp option", Options{}, []WriteOption{RetentionPolicy("two")}, "/write?db=d&rp=two", nil},
		{"v2", Options{API: V2, Org: "o o", RetentionPolicy: "rp"}, nil, "/api/v2/write?bucket=d%2Frp&org=o+o&precision=ns", nil},
		{"v2, a database named by the call", Options{API: V2, Bucket: "b"}, []WriteOption{Database("other")}, "/api/v2/write?bucket=other&precision=ns", nil},
		{"v3, retention policy", Options{API: V3}, []WriteOption{RetentionPolicy("rp")}, "", &OptionError{}},
		{"v2, bucket", Options{API: V2, Bucket: "b", Precision: Microsecond}, nil, "/api/v2/write?bucket=b&precision=us", nil},
		{"v2, minutes", Options{API: V2}, []WriteOption{WritePrecision(Minute)}, "", &OptionError{}},
		{"v3", Options{API: V3}, nil, "/api/v3/write_lp?db=d&precision=nanosecond", nil},
		{"v3, all", Options{API: V3, RejectPartial: true, NoSync: true, Precision: Second}, nil, "/api/v3/write_lp?accept_partial=false&db=d&no_sync=true&precision=second", nil},
		{"no database", Options{}, []WriteOption{Database("")}, "", ErrNoDatabase},
		{"v3, no database", Options{API: V3}, []WriteOption{Database("")}, "", ErrNoDatabase},
		{"v2, no database", Options{API: V2}, []WriteOption{Database("")}, "", ErrNoDatabase},
		{"control byte", Options{}, []WriteOption{RetentionPolicy("a\r\nb")}, "", &OptionError{}},
		{"bad level", Options{}, []WriteOption{Consistency(77)}, "", &OptionError{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := influxtest.New(t)
			err := client(t, s, tt.o).Write(t.Context(), []byte("m f=1 1\n"), tt.opts...)
			if tt.err != nil {
				if s.Last() != nil || !errors.Is(err, tt.err) && !errors.As(err, new(*OptionError)) {
					t.Errorf("%v, request %v", err, s.Last())
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r := s.Last()
			if got := r.Path + "?" + r.Query.Encode(); got != tt.want || r.Method != "POST" {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestEmptyWriteSendsNothing(t *testing.T) {
	s := influxtest.New(t)
	c := client(t, s, Options{})
	if err := c.Write(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if err := WritePoints(t.Context(), c, []lp.Appender{Lines("")}); err != nil {
		t.Error(err)
	}
	if n, err := c.WriteFrom(t.Context(), strings.NewReader("")); n != 0 || err != nil {
		t.Error(n, err)
	}
	if s.Accepted() != 0 {
		t.Error("connected")
	}
}

func TestCompression(t *testing.T) {
	lines := []byte(strings.Repeat("cpu,host=a load=0.64 1257894000000000000\n", 100))
	small := lines[:41]
	tests := []struct {
		name     string
		gzip     Compression
		lines    []byte
		encoding string
	}{
		{"local", Compression{}, lines, ""},
		{"always", Compression{Always: true}, lines, "gzip"},
		{"level 9", Compression{Always: true, Level: 9}, lines, "gzip"},
		{"small", Compression{Always: true}, small, ""},
		{"threshold", Compression{Always: true, MinBytes: 41}, small, "gzip"},
		{"off", Compression{Off: true}, lines, ""},
		{"zstd", Compression{Always: true, Codec: Zstd}, lines, "zstd"},
	}
	both(t, func(t *testing.T, o Options) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				s := influxtest.New(t)
				o.Compression = tt.gzip
				c := client(t, s, o)
				for range 3 { // the packer is used again
					if err := c.Write(t.Context(), tt.lines); err != nil {
						t.Fatal(err)
					}
					r := s.Last()
					if got := r.Header.Get("Content-Encoding"); got != tt.encoding {
						t.Fatalf("encoding %q, want %q", got, tt.encoding)
					}
					if tt.encoding == "zstd" {
						z, _ := zstd.NewReader(nil)
						r.Body, _ = z.DecodeAll(r.Wire, nil)
						z.Close()
					}
					if !bytes.Equal(r.Body, tt.lines) {
						t.Error("the lines are not the same")
					}
				}
			})
		}
	})
	remote, err := New(Options{Addr: "https://influx.example"})
	if err != nil || remote.compressor == nil {
		t.Error("bodies to another host are not compressed by default")
	}
}

// A server that cannot decompress gets the lines as they are, now and later.
func TestUnsupportedPacking(t *testing.T) {
	s := influxtest.New(t, influxtest.Status(415), influxtest.Status(204))
	c := client(t, s, Options{Compression: Compression{Always: true, MinBytes: 1}})
	for range 2 {
		if err := c.Write(t.Context(), []byte("m f=1 1\n")); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, r := range s.Requests() {
		got = append(got, r.Header.Get("Content-Encoding"))
	}
	if fmt.Sprint(got) != "[gzip  ]" {
		t.Errorf("%q", got)
	}
}

func TestWriteFrom(t *testing.T) {
	var in strings.Builder
	for i := range 60_000 { // 3 MB
		fmt.Fprintf(&in, "m,i=%d s=\"two\nlines \\\" here\",f=%di %d\n", i%7, i, i)
	}
	in.WriteString("m f=1 1") // without its newline
	for name, r := range map[string]io.Reader{
		"whole": strings.NewReader(in.String()), "halves": iotest.HalfReader(strings.NewReader(in.String())),
		"data and EOF": iotest.DataErrReader(strings.NewReader(in.String())),
	} {
		t.Run(name, func(t *testing.T) {
			s := influxtest.New(t)
			c := client(t, s, Options{})
			n, err := c.WriteFrom(t.Context(), r, WritePrecision(Second))
			if err != nil || n != int64(in.Len()) {
				t.Fatal(n, err)
			}
			var all strings.Builder
			for _, r := range s.Requests() {
				if len(r.Body) > pieceBytes || r.Query.Get("precision") != "s" {
					t.Errorf("a body of %d bytes", len(r.Body))
				}
				if !strings.HasPrefix(string(r.Body), "m") || r.Body[len(r.Body)-1] != '\n' {
					t.Error("a line was cut")
				}
				all.Write(r.Body)
			}
			if all.String() != in.String()+"\n" {
				t.Error("the lines are not the same")
			}
			if len(s.Requests()) < 3 || s.Accepted() != 1 {
				t.Errorf("%d requests over %d connections", len(s.Requests()), s.Accepted())
			}
		})
	}
}

func TestWriteFromErrors(t *testing.T) {
	text := "m f=1 1\n"
	s := influxtest.New(t)
	c := client(t, s, Options{})
	n, err := c.WriteFrom(t.Context(), io.MultiReader(strings.NewReader(text+"m f"), iotest.ErrReader(io.ErrClosedPipe)))
	var piece *StoppedError
	if n != int64(len(text)) || !errors.Is(err, io.ErrClosedPipe) || !errors.As(err, &piece) || piece.Offset != n {
		t.Errorf("%d %v", n, err)
	}
	if got := string(s.Last().Body); got != text {
		t.Errorf("sent %q", got)
	}
	s.Play(influxtest.Status(204), influxtest.Error(400, "no"))
	n, err = c.WriteFrom(t.Context(), strings.NewReader(strings.Repeat(text, 1<<18)))
	if n != pieceBytes || !errors.Is(err, ErrBadRequest) {
		t.Errorf("%d %v", n, err)
	}
	if _, err = c.WriteFrom(t.Context(), strings.NewReader(strings.Repeat("x", line.MaxLine+1))); !errors.Is(err, ErrLineTooLong) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = c.WriteFrom(ctx, strings.NewReader(text)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A reading is a type that writes itself.
type reading struct {
	host string
	load float64
	at   int64
}

func (r reading) AppendLP(dst []byte) ([]byte, error) {
	if r.host == "" {
		return dst, errNoHost
	}
	dst = lp.AppendTag(lp.AppendMeasurement(dst, "cpu"), "host", r.host)
	dst = lp.AppendFloat(lp.AppendFieldKey(append(dst, ' '), "load"), r.load)
	dst = lp.AppendTimestamp(append(dst, ' '), r.at)
	return append(dst, '\n'), nil
}

var errNoHost = errors.New("no host")

func TestWritePoints(t *testing.T) {
	s := influxtest.New(t)
	c := client(t, s, Options{})
	check := func(err error, want string) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
		if got := string(s.Last().Body); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	a, b := reading{"a", 0.5, 1}, reading{"b", 1, 2}
	const lineA, lineB = "cpu,host=a load=0.5 1\n", "cpu,host=b load=1 2\n"
	check(WritePoints(t.Context(), c, []reading{a, b}), lineA+lineB)
	check(WritePoints(t.Context(), c, []lp.Appender{a, Lines("m f=1 1"), b}, Database("e")), lineA+"m f=1 1\n"+lineB)
	if s.Last().Query.Get("db") != "e" {
		t.Error("the database option is lost")
	}
	check(WriteSeq(t.Context(), c, iter.Seq[reading](func(yield func(reading) bool) { _ = yield(a) && yield(b) })), lineA+lineB)
	check(WritePoints(t.Context(), c, []reading{a}, DefaultTags(lp.Tag{Key: "dc", Value: "x y"}, lp.Tag{Key: "host", Value: "z"})), "cpu,host=a,dc=x\\ y load=0.5 1\n")

	var e lp.Encoder
	e.SetPrecision(lp.Second)
	e.Point("m")
	e.Int("f", 5)
	if err := e.EndTimestamp(7); err != nil {
		t.Fatal(err)
	}
	check(c.WriteEncoder(t.Context(), &e), "m f=5i 7\n")
	if s.Last().Query.Get("precision") != "s" {
		t.Error("the precision of the lines and of the request differ")
	}
}

// What is bad is left out and told; all the rest is written.
func TestBadPoints(t *testing.T) {
	s := influxtest.New(t)
	c := client(t, s, Options{})
	points := make([]reading, 100_000)
	for i := range points {
		points[i] = reading{"a", float64(i), int64(i)}
	}
	points[5].host, points[99_999].host = "", ""
	err := WritePoints(t.Context(), c, points)
	var e *PointsError
	if !errors.As(err, &e) || e.Bad != 2 || e.Index != 5 || e.Write != nil || !errors.Is(err, errNoHost) {
		t.Fatal(err)
	}
	lines := 0
	for _, r := range s.Requests() {
		lines += bytes.Count(r.Body, []byte("\n"))
	}
	if lines != len(points)-2 || len(s.Requests()) < 2 {
		t.Errorf("%d lines in %d requests", lines, len(s.Requests()))
	}
	s.Play(influxtest.Error(400, "no"))
	err = WritePoints(t.Context(), c, points[:10])
	if !errors.As(err, &e) || !errors.Is(err, ErrBadRequest) || !errors.Is(err, errNoHost) {
		t.Error(err)
	}
	if err := WritePoints(t.Context(), c, points[:1], DefaultTags(lp.Tag{Key: "a\nb", Value: "x"})); err == nil {
		t.Error("a tag that cannot be written is no error")
	}
	if err := WritePoints(t.Context(), c, points[:1], DefaultTags(lp.Tag{Key: "a", Value: "x"}), DefaultTags(lp.Tag{Key: "a", Value: "y"})); !errors.Is(err, lp.ErrDuplicateTag) {
		t.Errorf("two tags of one key: %v", err)
	}
}

func TestExtraTagsInLines(t *testing.T) {
	var x extraTags
	x.add([]lp.Tag{{Key: "k", Value: "v"}, {Key: "a b", Value: "c"}, {Key: "empty"}})
	for in, want := range map[string]string{
		"m f=1":                     `m,k=v,a\ b=c f=1`,
		"m,k=1 f=1\n":               "m,k=1,a\\ b=c f=1\n",
		`m\ =,a\ b=1,z=k f="k=, "`:  `m\ =,a\ b=1,z=k,k=v f="k=, "`,
		"m,ak=1,b=k f=1":            `m,ak=1,b=k,k=v,a\ b=c f=1`,
		"# a comment\n":             "",
		"broken\n":                  "",
		"  m v=1 1":                 "m,k=v,a\\ b=c v=1 1\n",
		" # a=\"b\nm v=1\n":         "m,k=v,a\\ b=c v=1\n",
		`m,k=C:\\,x v=1`:            `m,k=C:\\,x,a\ b=c v=1` + "\n",
		`m,\=a=1,\=ah=2 v=1`:        `m,\=a=1,\=ah=2,k=v,a\ b=c v=1` + "\n",
		"a f=\"1\n2\" 1\nb f=2 2\n": "a,k=v,a\\ b=c f=\"1\n2\" 1\nb,k=v,a\\ b=c f=2 2\n",
		"":                          "",
		"m=k,x=1 f=1":               `m=k,x=1,k=v,a\ b=c f=1`,
	} {
		var r points.Refusal
		var scan line.Scanner
		if b, _ := appendRaw(nil, []byte(in), &scan, &x, &r); string(b) != want && string(b) != want+"\n" {
			got := string(b)
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestManyDefaultTags compares default tags and those of a line, where each are more than
// are compared one by one, with a map.
func TestManyDefaultTags(t *testing.T) {
	var x extraTags
	text, want := "m", map[string]string{}
	for i := range 100 {
		key := fmt.Sprint("k", i)
		x.add([]lp.Tag{{Key: key, Value: "default"}})
		want[key] = "default"
	}
	for i := 0; i < 200; i += 2 {
		key := fmt.Sprint("k", i)
		text += "," + key + "=own"
		want[key] = "own"
	}
	var r points.Refusal
	for range 2 {
		b, _ := appendRaw(nil, []byte(text+" f=1"), new(line.Scanner), &x, &r)
		got := map[string]string{}
		for p, err := range lp.Points(b) {
			if err != nil {
				t.Fatal(err)
			}
			for i := range p.NumTags() {
				key, value := p.Tag(i)
				got[string(key)] = string(value)
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: %v", b, got)
		}
	}
	if x.add([]lp.Tag{{Key: "k99", Value: "again"}}); !errors.Is(x.err, lp.ErrDuplicateTag) {
		t.Error(x.err)
	}
}

// TestUnbalancedQuote holds that a quote that nothing closes costs one look at each
// byte after it, and not one for each line, and is told as what it is. By the square of
// its lines this text took hours.
func TestUnbalancedQuote(t *testing.T) {
	text := append([]byte("m f=1 1\nm f=\"abc\n"), bytes.Repeat([]byte("m f=1 1\n"), line.MaxLine/8)...)
	s := influxtest.New(t)
	c := client(t, s, Options{})
	var at *StoppedError
	n, err := c.WriteFrom(t.Context(), bytes.NewReader(text))
	if n != 8 || !errors.Is(err, lp.RuleOpenQuote) || !errors.As(err, &at) || at.Offset != 8 {
		t.Errorf("%d bytes written, %v", n, err)
	}
	text = append(text, "\" 1\nm f=2 2\n"...)
	if head, _ := line.Halve(text); len(head) != len(text)-len("m f=2 2\n") {
		t.Errorf("cut at %d of %d", len(head), len(text))
	}
}
