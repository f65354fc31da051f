package batch

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

// spoolWriter starts a Writer over f that spills into dir, or writes ahead.
func spoolWriter(t *testing.T, dir string, policy OverflowPolicy, f senderFunc) *Writer {
	t.Helper()
	return testWriter(t, Options{Overflow: policy, Spool: SpoolOptions{Dir: dir, Options: spool.Options{MaxBytes: 8 << 20}}}, f)
}

// TestWriteAheadEnded: an append whose context has ended does not say that its lines are
// logged.
func TestWriteAheadEnded(t *testing.T) {
	w := spoolWriter(t, filepath.Join(t.TempDir(), "spool"), WriteAhead, acker)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	err := w.Append(ended, []byte("m v=1i 1\n"))
	if e, ok := errors.AsType[*AppendError](err); !ok || e.Accepted != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v", err)
	}
	mustClose(t, w)
	if n := w.Stats().Acked.Lines; n != 1 {
		t.Errorf("%d lines acked", n)
	}
}
