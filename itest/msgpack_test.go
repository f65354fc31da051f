package itest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// packedPoints writes points of every type, with nulls and values at the edges.
func packedPoints(t *testing.T, c *fastclient.Client, rows int) {
	t.Helper()
	r := rand.New(rand.NewPCG(7, 23))
	floats := []float64{0, math.Copysign(0, -1), 3, 0.1, 1e-7, 1e20, 1e21, 5e-324, math.MaxFloat64, 1 << 60, 12345678901234567890, -1e300}
	ints := []int64{0, 1, -1, 127, 128, -32, -33, -128, -129, 1 << 15, -1<<15 - 1, 1 << 31, 1<<53 + 1, math.MaxInt64, math.MinInt64}
	texts := []string{"", "a", `q"\`, "line\nfeed\t", "<&>", "é日本\U0001f600", strings.Repeat("x", 31), strings.Repeat("y", 32), strings.Repeat("z", 300), strings.Repeat("w", 70_000), "\u2028"}
	var e lp.Encoder
	for i := range rows {
		e.Point("all")
		e.Tag("host", fmt.Sprintf("h %d", i%3))
		if i%2 == 0 {
			e.Tag("zone", "a,b=c")
		}
		e.Bool("b", i%5 == 0)
		if r.IntN(3) > 0 {
			v := floats[r.IntN(len(floats))]
			if r.IntN(2) == 0 {
				v = math.Float64frombits(r.Uint64())
			}
			if v-v == 0 {
				e.Float("f", v)
			}
		}
		if r.IntN(3) > 0 {
			e.Int("i", ints[r.IntN(len(ints))])
		}
		if r.IntN(3) > 0 && i < 500 {
			e.String("s", texts[r.IntN(len(texts))])
		}
		e.Float("whole", float64(r.IntN(1000)))
		if err := e.EndTimestamp(1_500_000_000_000_000_000 + int64(i)*1_000_000_007); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.WriteEncoder(t.Context(), &e); err != nil {
		t.Fatal(err)
	}
}

// packedQueries are queries of every shape.
var packedQueries = []string{
	`SELECT * FROM "all"`,
	`SELECT * FROM "all" GROUP BY *`,
	`SELECT f, whole FROM "all" GROUP BY host, missing`,
	`SELECT f, i, s FROM "all" WHERE host = 'h 1' ORDER BY time DESC LIMIT 100`,
	`SELECT mean(whole), count(s), max(i), first(b) FROM "all" WHERE time >= 1500000000s AND time < 1500000600s GROUP BY time(10s), host`,
	`SELECT i*2, f/0.5 FROM "all" WHERE f < 1000000.0 AND f > -1000000.0`,
	`SELECT sqrt(-1.0-whole) FROM "all" LIMIT 5`,
	`SELECT * FROM missing`,
	`SELECT whole FROM "all" LIMIT 3; SELECT * FROM missing; SELECT b FROM "all" LIMIT 2`,
	`SELECT whole FROM "all" LIMIT 3; SELECT whole FROM "all" LIMIT 3`,
	`SELECT whole FROM "all" LIMIT 3; SELECT nothing(whole) FROM "all"; SELECT whole FROM "all" LIMIT 3; SELECT b FROM "all" LIMIT 1`,
	`SELECT * FROM absent..m; SELECT whole FROM "all" LIMIT 3`,
	`SELECT distinct(whole) FROM "all" GROUP BY zone`,
	`SHOW MEASUREMENTS`, `SHOW FIELD KEYS`, `SHOW TAG KEYS; SHOW DATABASES`, `SHOW TAG VALUES WITH KEY IN (host, zone)`, `SHOW SERIES`,
	`SHOW RETENTION POLICIES`, `EXPLAIN SELECT mean(whole) FROM "all"`,
}

// TestMessagePack asks every server for each response in both forms and compares them.
func TestMessagePack(t *testing.T) {
	onServers(t, func(t *testing.T, s *Server, c *fastclient.Client) {
		packedPoints(t, c, 3000)
		rows := 0
		for _, q := range packedQueries {
			if is2(s) && strings.Contains(q, "SHOW RETENTION") {
				continue
			}
			for _, opts := range [][]fastclient.QueryOption{
				nil, {fastclient.Chunked(1)}, {fastclient.Chunked(7)}, {fastclient.Chunked(1000)}, {fastclient.Unchunked()},
				{fastclient.Epoch(fastclient.Millisecond)}, {fastclient.RFC3339()}, {fastclient.RFC3339(), fastclient.Chunked(100)},
			} {
				n, err := comparePacked(t, c, q, opts)
				if err != nil {
					t.Errorf("%s: %v", q, err)
				}
				rows += n
			}
		}
		if rows < 90_000 {
			t.Errorf("only %d rows", rows)
		}
	})
}

// comparePacked sends q for both forms, and returns the number of rows and the first
// difference beyond those that ResponseFormat names.
func comparePacked(t *testing.T, c *fastclient.Client, q string, opts []fastclient.QueryOption) (rows int, err error) {
	t.Helper()
	results := [2]*jsonscan.Scanner{}
	for i, f := range []fastclient.ResponseFormat{fastclient.FormatMessagePack, fastclient.FormatJSON} {
		r := must[*fastclient.Result](t)(c.Query(t.Context(), q, append(opts[:len(opts):len(opts)], fastclient.Format(f))...))
		defer r.Close()
		results[i] = r.Scanner()
	}
	p, j := results[0], results[1]
	if !p.MessagePack || j.MessagePack {
		return 0, errors.New("the server did not send what was asked for")
	}
	return comparePackedScanners(p, j)
}

func comparePackedScanners(p, j *jsonscan.Scanner) (rows int, err error) {
	for {
		part, want := p.NextPart(), j.NextPart()
		if part != want || p.Statements() != j.Statements() {
			return rows, fmt.Errorf("%v of statement %d (%v), in JSON %v of %d (%v)", part, p.Statements(), p.Err(), want, j.Statements(), j.Err())
		}
		if part == jsonscan.PartNone {
			if p.Err() == nil && j.Err() == nil {
				break
			}
			var a, b *jsonscan.StatementError
			if !errors.As(p.Err(), &a) || !errors.As(j.Err(), &b) || a.Index != b.Index || a.Message != b.Message {
				return rows, fmt.Errorf("error %v, in JSON %v", p.Err(), j.Err())
			}
			continue
		}
		if part == jsonscan.PartResult {
			continue
		}
		if a, b := *p.Row().Series(), *j.Row().Series(); !reflect.DeepEqual(a, b) {
			return rows, fmt.Errorf("series %+v, in JSON %+v", a, b)
		}
		if part == jsonscan.PartRow {
			rows++
			if err := comparePackedRow(p.Row(), j.Row()); err != nil {
				return rows, err
			}
		}
	}
	if p.Documents() != j.Documents() || !reflect.DeepEqual(p.Messages(), j.Messages()) {
		return rows, fmt.Errorf("%d documents and messages %v, in JSON %d and %v", p.Documents(), p.Messages(), j.Documents(), j.Messages())
	}
	return rows, nil
}

func comparePackedRow(p, j *jsonscan.Row) error {
	for i := range max(p.Len(), j.Len()) {
		a, b := p.Kind(i), j.Kind(i)
		same := a == b
		switch a {
		case jsonscan.KindFloat:
			v, _ := p.Float(i)
			w, _ := j.Float(i)
			same = (same || b == jsonscan.KindInt || b == jsonscan.KindUint) && v == w && bytes.Equal(p.Raw(i), j.Raw(i))
		case jsonscan.KindString:
			v, _ := p.String(i)
			w, _ := j.String(i)
			x, _ := p.Timestamp(i)
			y, _ := j.Timestamp(i)
			same = same && v == w && x == y
		default:
			same = same && bytes.Equal(p.Raw(i), j.Raw(i)) && p.Cell(i).Bits() == j.Cell(i).Bits()
		}
		if !same {
			return fmt.Errorf("cell %d is %v %s, in JSON %v %s", i, a, p.Raw(i), b, j.Raw(i))
		}
	}
	return nil
}

// TestMessagePackInfinity holds that infinite values arrive, which JSON loses with the rows
// around them.
func TestMessagePackInfinity(t *testing.T) {
	onServers(t, func(t *testing.T, s *Server, c *fastclient.Client) {
		if err := c.Write(t.Context(), []byte("m f=0 1\nm f=1 2\nm f=1e308 3\n")); err != nil {
			t.Fatal(err)
		}
		const q = "SELECT ln(f), f*10 FROM m"
		type point struct {
			Time int64   `lp:",timestamp"`
			Ln   float64 `lp:"ln"`
			F    float64 `lp:"f"`
		}
		for _, opt := range []fastclient.QueryOption{fastclient.Chunked(2), fastclient.Unchunked()} {
			got, err := fastclient.QueryInto(t.Context(), c, []point(nil), q, opt, fastclient.Format(fastclient.FormatMessagePack))
			if err != nil {
				t.Fatal(err)
			}
			want := []point{{1, math.Inf(-1), 0}, {2, 0, 10}, {3, math.Log(1e308), math.Inf(1)}}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
			frames, err := c.QueryFrames(t.Context(), q, opt, fastclient.Format(fastclient.FormatMessagePack))
			if err != nil || len(frames) != 1 || !math.IsInf(frames[0].Columns[0].Floats[0], -1) || !math.IsInf(frames[0].Columns[1].Floats[2], 1) {
				t.Errorf("%v, %v", frames, err)
			}
			got, err = fastclient.QueryInto(t.Context(), c, []point(nil), q, opt, fastclient.Format(fastclient.FormatJSON))
			if err == nil || len(got) > 0 {
				t.Errorf("JSON: %v, %v", got, err)
			}
		}
	})
}

// TestMessagePackAuto holds that the servers are recognised, and that their refusals are
// read in both forms.
func TestMessagePackAuto(t *testing.T) {
	onServers(t, func(t *testing.T, s *Server, c *fastclient.Client) {
		auto := fastclient.Format(fastclient.FormatAuto)
		for n := range 3 {
			r := must[*fastclient.Result](t)(c.Query(t.Context(), "SHOW DATABASES", auto))
			if got := r.Scanner().MessagePack; got != (n > 0) {
				t.Errorf("response %d is MessagePack: %v", n, got)
			}
			r.Close()
		}
		raw := must[io.ReadCloser](t)(c.QueryRaw(t.Context(), "SHOW DATABASES", auto))
		text := must[[]byte](t)(io.ReadAll(raw))
		raw.Close()
		if !bytes.HasPrefix(text, []byte("{")) {
			t.Errorf("raw: %q", text)
		}
		var refused [2]*fastclient.ServerError
		for i, f := range []fastclient.ResponseFormat{fastclient.FormatMessagePack, fastclient.FormatJSON} {
			_, err := c.Query(t.Context(), "SELECT FROM", fastclient.Format(f))
			if !errors.As(err, &refused[i]) {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(refused[0].Message, refused[1].Message) || refused[0].Status != 400 || refused[0].Message == "" {
			t.Errorf("refused with %q, in JSON %q", refused[0].Message, refused[1].Message)
		}
	})
}
