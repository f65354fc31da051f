package docs

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// TestZeroValues: a value that was declared and not made is empty or closed. None of its
// methods panics, waits or loses a line in silence.
func TestZeroValues(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for name, w := range map[string]batch.LineWriter{"Writer": new(batch.Writer), "SyncWriter": new(batch.SyncWriter)} {
		var refused *batch.AppendError
		if err := w.Append(ctx, []byte("m v=1 1\n")); !errors.As(err, &refused) || refused.Refused != 1 || !errors.Is(err, batch.ErrWriterClosed) {
			t.Errorf("%s.Append: %v", name, err)
		}
		var p lp.Point
		p.SetMeasurement("m")
		p.SetInt("v", 1)
		if err := w.AppendPoints(ctx, &p); !errors.Is(err, batch.ErrWriterClosed) {
			t.Errorf("%s.AppendPoints: %v", name, err)
		}
		err := w.Encode(ctx, func(e *lp.Encoder) { e.Point("m"); e.Int("v", 1); e.EndTimestamp(1) })
		if !errors.Is(err, batch.ErrWriterClosed) {
			t.Errorf("%s.Encode: %v", name, err)
		}
		if err := w.Flush(ctx); err != nil {
			t.Errorf("%s.Flush: %v", name, err)
		}
		if s := w.Stats(); s.Appended.Lines != 0 {
			t.Errorf("%s.Stats: %+v", name, s)
		}
		for range 2 {
			if err := w.Close(ctx); err != nil {
				t.Errorf("%s.Close: %v", name, err)
			}
		}
	}
	var s jsonscan.Scanner
	if s.Next() || !errors.Is(s.Err(), jsonscan.ErrNoResults) && s.Err() == nil {
		t.Errorf("Scanner: %v", s.Err())
	}
	var r frame.Reader
	if r.Next() {
		t.Error("Reader has a frame")
	}
	var d lp.Decoder
	if p, err := d.Next(); p != nil || err == nil {
		t.Errorf("Decoder: %v, %v", p, err)
	}
	var f batch.DeadLetterFile
	if err := f.Put(&batch.LostLines{Data: []byte("m v=1 1\n"), Lines: 1}); err == nil {
		t.Error("a DeadLetterFile without a file takes lines")
	}
	f.Close()
	var disk spool.Spool
	if err := disk.Put(&spool.Batch{Body: []byte("m v=1 1\n"), Lines: 1}); !errors.Is(err, spool.ErrClosed) {
		t.Errorf("Spool.Put: %v", err)
	}
	if err := disk.Next(ctx, new(spool.Batch), spool.Oldest); !errors.Is(err, spool.ErrClosed) {
		t.Errorf("Spool.Next: %v", err)
	}
	if err := disk.Close(); err != nil {
		t.Errorf("Spool.Close: %v", err)
	}
}
