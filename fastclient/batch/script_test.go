package batch

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// A script responds to requests with its functions in turn, then always with the last one,
// and records the bodies.
type script struct {
	mu     sync.Mutex
	steps  []senderFunc
	bodies []string
	times  []time.Time
}

func newScript(steps ...senderFunc) *script { return &script{steps: steps} }

func (s *script) Send(ctx context.Context, b *seam.Body, r *seam.Response) {
	s.mu.Lock()
	f := s.steps[0]
	if len(s.steps) > 1 {
		s.steps = s.steps[1:]
	}
	s.bodies = append(s.bodies, string(decompressed(b)))
	s.times = append(s.times, time.Now())
	s.mu.Unlock()
	f(ctx, b, r)
}

func (s *script) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.bodies...)
}

// response returns a sender whose responses have this status and message.
func response(status int, message string) senderFunc {
	return func(_ context.Context, _ *seam.Body, r *seam.Response) { r.Status, r.Message = status, message }
}

func v3(message string, refused ...seam.RefusedLine) senderFunc {
	return func(_ context.Context, _ *seam.Body, r *seam.Response) {
		r.API, r.Status, r.Message, r.Refused = seam.V3, 400, message, append(r.Refused, refused...)
	}
}

// A grave is a dead letter in memory.
type grave struct {
	mu   sync.Mutex
	lost []string
}

func (g *grave) Put(l *LostLines) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lost = append(g.lost, fmt.Sprintf("%s %d %s: %s", l.Reason, l.NotStored, l.Message, l.Data))
	return nil
}

func mustAppend(t *testing.T, w LineWriter, lines string) {
	t.Helper()
	if err := w.Append(context.Background(), []byte(lines)); err != nil {
		t.Fatal(err)
	}
}

func mustClose(t *testing.T, w LineWriter) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	if err := w.Close(ctx); err != nil {
		t.Error("close:", err)
	}
}

// inBubble runs f with a Writer over s under a fake clock.
func inBubble(t *testing.T, o Options, s *script, f func(t *testing.T, w *Writer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := testWriter(t, o, s.Send)
		f(t, w)
		mustClose(t, w)
		audit(t, &w.engine)
	})
}
