package pwjetstream_test

import (
	"context"
	"testing"
	"time"

	pwjetstream "github.com/pointwire/pointwire/adapters/jetstream"
	"github.com/pointwire/pointwire/fastclient/batch"
)

// A batch that the stream has already is counted apart, unless it came from an attempt of this
// Sink that seemed to fail.
func TestRepeated(t *testing.T) {
	cl := newCluster(t, 1, 8<<20)
	js := cl.connect()
	streams(t, js, 1)
	first, second := newSink(t, js, pwjetstream.SinkOptions{}), newSink(t, js, pwjetstream.SinkOptions{})
	b := &batch.Sealed{ID: [16]byte{1}, Database: "d", Lines: 1, Bytes: 8, Body: []byte("m v=1 1\n")}
	for range 2 {
		if err := first.Put(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	one := batch.Count{Lines: 1, Bytes: 8}
	if s := first.Stats(); s.Published != one || s.Repeated != one || s.Messages != 1 {
		t.Errorf("%+v", s)
	}
	cl.stop(0)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := second.Put(ctx, b); err == nil {
		t.Error("published without a server")
	}
	cl.start(0)
	eventually(t, "it is published", func() bool { return second.Put(t.Context(), b) == nil })
	if s := second.Stats(); s.Published != one || s.Repeated.Lines != 0 || s.Failures == 0 {
		t.Errorf("%+v", s)
	}
	if n := len(messages(t, js, "points")); n != 1 {
		t.Errorf("%d messages", n)
	}
}
