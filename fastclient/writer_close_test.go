package fastclient

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/lp"
)

// influxdb-client-go#405: a write after Close panics; so does the second Close.
func TestAppendAfterCloseIsAnError(t *testing.T) {
	w := testWriter(t, WriterOptions{}, acker)
	mustClose(t, w)
	mustClose(t, w)
	for name, err := range map[string]error{
		"Append":       w.Append(context.Background(), []byte("m v=1\n")),
		"AppendPoints": w.AppendPoints(context.Background(), textPoint("m v=1")),
		"Encode":       w.Encode(context.Background(), func(e *lp.Encoder) { e.Point("m"); e.Int("v", 1); e.EndNoTimestamp() }),
		"Flush":        w.Flush(context.Background()),
	} {
		if !errors.Is(err, ErrWriterClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// influxdb-client-go#318: Close and Flush block for good when the server does.
func TestBlackHoleServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := testWriter(t, WriterOptions{BatchLines: 1}, black)
		for i := range 5 {
			mustAppend(t, w, fmt.Sprintf("m v=%di 1\n", i))
		}
		start := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := w.Flush(ctx); !errors.Is(err, ErrPending) || time.Since(start) > 1100*time.Millisecond {
			t.Errorf("Flush after %v: %v", time.Since(start), err)
		}
		start = time.Now()
		ctx, cancel = context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := w.Close(ctx)
		if d := time.Since(start); d > 1100*time.Millisecond {
			t.Errorf("Close took %v", d)
		}
		var ue *UnsentError
		if !errors.As(err, &ue) || ue.Lines != 5 || len(ue.Batches) != 5 {
			t.Fatalf("Close: %v", err)
		}
		for i, b := range ue.Batches {
			if want := fmt.Sprintf("m v=%di 1\n", i); string(b.Data) != want || b.Lines != 1 || b.Seq != uint64(i+1) {
				t.Errorf("batch %d is %+v", i, b)
			}
		}
		if st := w.Stats(); st.Lost[LossUnsent].Lines != 5 || st.Pending.Lines != 0 {
			t.Errorf("stats %+v", st)
		}
		audit(t, w)
	})
}

// A sender that does not keep its promise to end with its context holds up
// neither Close nor its memory.
func TestCloseDoesNotWaitForADeafSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := testWriter(t, WriterOptions{}, func(_ context.Context, _ *wireBatch, r *writeReply) {
			time.Sleep(time.Hour)
			r.status = 204
		})
		mustAppend(t, w, "m v=1 1\n")
		time.Sleep(2 * time.Second)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		start := time.Now()
		var ue *UnsentError
		if err := w.Close(ctx); !errors.As(err, &ue) || ue.Lines != 1 {
			t.Errorf("Close: %v", err)
		}
		if d := time.Since(start); d > 100*time.Millisecond {
			t.Errorf("Close took %v", d)
		}
		audit(t, w)
		time.Sleep(2 * time.Hour)
		audit(t, w) // the late answer changes nothing
		if string(ue.Batches[0].Data) != "m v=1 1\n" {
			t.Errorf("handed back %q", ue.Batches[0].Data)
		}
	})
}
