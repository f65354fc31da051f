package batch

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/compress"
)

// telegraf#9744: a batch that is too large is dropped, or halved only once.
func TestTooLargeIsSplitDownToOneLine(t *testing.T) {
	g := new(grave)
	var got []string
	send := func(_ context.Context, b *seam.Body, r *seam.Response) {
		if r.Status = 413; len(b.Data) <= 40 {
			r.Status = 204
			got = append(got, string(b.Data))
		}
	}
	synctest.Test(t, func(t *testing.T) {
		w := testWriter(t, Options{DeadLetter: g, Ordered: true}, send)
		var want []string
		for i := range 64 {
			line := fmt.Sprintf("m v=%d %d\n", i, i)
			if i == 20 {
				line = "long v=\"" + strings.Repeat("x", 50) + "\" 1\n"
			} else {
				want = append(want, line)
			}
			mustAppend(t, w, line)
		}
		var be *BatchError
		if err := w.Flush(context.Background()); !errors.As(err, &be) || be.Reason != ReasonTooLarge || be.Lines != 1 {
			t.Errorf("Flush: %v", err)
		}
		if strings.Join(got, "") != strings.Join(want, "") {
			t.Errorf("stored %q", got)
		}
		if len(g.lost) != 1 || !strings.Contains(g.lost[0], "long v=") {
			t.Errorf("dead letters %q", g.lost)
		}
		mustClose(t, w)
	})
}

// After a 413 no request of the refused size is sent.
func TestLimitIsLearned(t *testing.T) {
	refusals := 0
	send := func(_ context.Context, b *seam.Body, r *seam.Response) {
		if r.Status = 204; len(b.Data) > 4000 {
			r.Status = 413
			refusals++
		}
	}
	synctest.Test(t, func(t *testing.T) {
		w := testWriter(t, Options{MaxInFlight: 1}, send)
		for range 20 {
			for i := range 1000 {
				mustAppend(t, w, fmt.Sprintf("m v=%d %d\n", i, i))
			}
			if err := w.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if refusals > 8 {
			t.Errorf("%d refusals", refusals)
		}
		mustClose(t, w)
	})
}

// After a 415 the same lines are sent without content encoding, and so are all later ones.
func TestEncodingIsLearned(t *testing.T) {
	compressed, plain := 0, 0
	send := func(_ context.Context, b *seam.Body, r *seam.Response) {
		if b.Encoding != "" {
			compressed++
			r.Status = 415
			return
		}
		plain++
		r.Status = 204
	}
	synctest.Test(t, func(t *testing.T) {
		p := testConfig(t, Options{}, seam.V1, send)
		p.compressor = compress.Gzip(1)
		w, err := newWriter(p)
		if err != nil {
			t.Fatal(err)
		}
		w.startAll()
		for range 3 {
			mustAppend(t, w, strings.Repeat("m v=1 1\n", 100))
			if err := w.Flush(context.Background()); err != nil {
				t.Error(err)
			}
		}
		if compressed != 1 || plain != 3 {
			t.Errorf("%d compressed, %d plain", compressed, plain)
		}
		mustClose(t, w)
	})
}

func TestRequestTimeoutGrowsWithTheBody(t *testing.T) {
	if got := requestTimeout(10*time.Second, 1<<20); got != 10*time.Second+10*time.Second+240*time.Millisecond {
		t.Errorf("1 MiB may take %v", got)
	}
	if got := requestTimeout(math.MaxInt64, 1<<20); got != math.MaxInt64 {
		t.Errorf("without end: %v", got)
	}
}
