package batch

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/lp"
)

// TestTimesBeyondRange: in every way of writing lines, a time that does not fit the unit
// that is sent is an error of its line.
func TestTimesBeyondRange(t *testing.T) {
	for _, p := range []fastclient.Precision{fastclient.Microsecond, fastclient.Minute, fastclient.Hour} {
		edge := decimal.MaxTime / p.Unit()
		good, bad := fmt.Sprintf("m f=1 %d\n", edge), fmt.Sprintf("m f=2 %d\n", edge+1)
		lines := good + bad + "# a comment\n" + good
		want := fmt.Sprintf("m f=1 %d\n", edge*wireFactor(p))
		s := influxtest.New(t)
		c := client(t, s, fastclient.Options{Precision: p})
		check := func(way string, err error, n int) {
			t.Helper()
			if got := string(s.Last().Body); got != strings.Repeat(want, n) {
				t.Errorf("%s in %v: sent %q", way, p, got)
			}
			var syntax *lp.SyntaxError
			if !errors.As(err, &syntax) || syntax.Line != 2 {
				t.Errorf("%s in %v: %v", way, p, err)
			}
		}
		points := func(err error) error {
			var e *fastclient.PointsError
			if !errors.As(err, &e) || e.Bad != 1 || e.Write != nil {
				t.Errorf("%v: %v", p, err)
			}
			return err
		}
		check("Write", points(c.Write(t.Context(), []byte(lines))), 2)
		check("WritePrecision", points(client(t, s, fastclient.Options{}).Write(t.Context(), []byte(lines), fastclient.WritePrecision(p))), 2)
		check("Lines", points(fastclient.WritePoints(t.Context(), c, []fastclient.Lines{fastclient.Lines(lines)})), 2)
		_, err := c.WriteFrom(t.Context(), strings.NewReader(lines))
		check("WriteFrom", err, 1)
		b, err := NewSyncWriter(c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = b.Append(t.Context(), []byte(lines))
		check("SyncWriter", errors.Join(err, b.Close(t.Context())), 2)
		e := lp.Encoder{}
		e.Point("m")
		e.Float("f", 1)
		if err := e.EndTimestamp(edge + 1); err != nil {
			t.Fatal(err)
		}
		if err := c.WriteEncoder(t.Context(), &e, fastclient.WritePrecision(p)); points(err) == nil {
			t.Error("an encoder of another unit")
		}
	}
}

// TestConvertedVerdicts: a response is about the lines as they were sent, but verdicts and
// dead letters are about the lines as they were appended.
func TestConvertedVerdicts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, p := range []fastclient.Precision{fastclient.Microsecond, fastclient.Minute, fastclient.Hour} {
		s := influxtest.New(t)
		c := client(t, s, fastclient.Options{Precision: p})
		var lost keptLines
		b, err := NewSyncWriter(c, Options{DeadLetter: &lost})
		if err != nil {
			t.Fatal(err)
		}
		var lines, quotes, want []string
		for i := range 50 {
			ts := rng.Int64N(1_000_000) + 1
			lines = append(lines, fmt.Sprintf("m,n=%d f=1 %d\n", i, ts))
			if i%7 == 3 {
				want = append(want, lines[i])
				quotes = append(quotes, fmt.Sprintf("unable to parse 'm,n=%d f=1 %d': invalid number", i, ts*wireFactor(p)))
			}
		}
		s.Play(influxtest.Error(400, "partial write: "+strings.Join(quotes, "\n")+" dropped=0"))
		if err := b.Append(t.Context(), []byte(strings.Join(lines, ""))); err != nil {
			t.Fatal(err)
		}
		err = b.Flush(t.Context())
		if st := b.Stats(); err == nil || st.Acked.Lines != uint64(50-len(want)) || st.Rejected.Lines != uint64(len(want)) || st.Requests != 1 {
			t.Errorf("%v: %v, %+v", p, err, st)
		}
		if !slices.Equal(lost, want) {
			t.Errorf("%v: lost %q, want %q", p, lost, want)
		}
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

type keptLines []string

func (k *keptLines) Put(l *LostLines) error {
	*k = append(*k, string(l.Data))
	return nil
}
