package batch

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/lp"
)

// TestWriteStructs appends structs to a Writer. Bad ones are refused, those without a time
// are stamped, and the Writer's tags are added.
func TestWriteStructs(t *testing.T) {
	var got strings.Builder
	w := testWriter(t, Options{MaxInFlight: 1, DefaultTags: []lp.Tag{{Key: "dc", Value: "x"}, {Key: "host", Value: "no"}}},
		func(_ context.Context, b *seam.Body, r *seam.Response) {
			got.Write(decompressed(b))
			r.Status = 204
		})
	values := []load{{time.Unix(0, 5), "a", 0.5}, {time.Unix(0, 6), "a", math.NaN()}, {time.Time{}, "b", 0.25}, {time.Unix(0, 7), "b", math.Inf(1)}}
	err := WriteStructs(context.Background(), w, nil, values)
	var ae *AppendError
	if !errors.As(err, &ae) || ae.Accepted != 2 || ae.Refused != 2 || !errors.Is(err, lp.ErrNotFinite) {
		t.Errorf("error %v", err)
	}
	mustClose(t, w)
	lines := strings.Split(got.String(), "\n")
	if len(lines) != 3 || lines[0] != "load,host=a,dc=x load=0.5 5" || !strings.HasPrefix(lines[1], "load,host=b,dc=x load=0.25 1") {
		t.Errorf("lines %q", lines)
	}
	if s := w.Stats(); s.Acked.Lines != 2 || s.RefusedInvalid != 2 {
		t.Errorf("stats %+v", s)
	}
	err = WriteStructs(context.Background(), w, nil, make([]load, 1000))
	if !errors.As(err, &ae) || ae.Accepted != 0 || ae.Refused != 1000 || !errors.Is(err, ErrWriterClosed) {
		t.Errorf("after Close: %v", err)
	}
	if s := w.Stats(); s.RefusedOther != 1000 {
		t.Errorf("%d refused", s.RefusedOther)
	}
	type none struct {
		A chan int `lp:"a"`
	}
	var bad *lp.SchemaError
	if err := WriteStructs(context.Background(), w, nil, []none{{}}); !errors.As(err, &bad) {
		t.Errorf("error %v", err)
	}
}

// TestWriteStructsMany appends more structs than are staged at a time.
func TestWriteStructsMany(t *testing.T) {
	lines := 0
	w := testWriter(t, Options{BatchLines: 100, MaxInFlight: 1}, func(_ context.Context, b *seam.Body, r *seam.Response) {
		lines += line.Count(decompressed(b))
		r.Status = 204
	})
	values := make([]load, 3*stagedStructs+1)
	values[stagedStructs].Load = math.NaN()
	err := WriteStructs(context.Background(), w, must(lp.SchemaFor[load]()), values)
	var ae *AppendError
	if !errors.As(err, &ae) || ae.Accepted != len(values)-1 || ae.Refused != 1 {
		t.Errorf("error %v", err)
	}
	mustClose(t, w)
	if lines != len(values)-1 {
		t.Errorf("%d lines", lines)
	}
}
