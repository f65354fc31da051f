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

// TestWriteStructsIndex: an error has the number of a struct among all, also when it is not among
// the first that are staged.
func TestWriteStructsIndex(t *testing.T) {
	type row struct {
		DB string  `lp:"db,tag"`
		V  float64 `lp:"v"`
	}
	w := routedWriter(t, Options{}, RouteOptions{DatabaseTag: "db"}, acker)
	rows := make([]row, 3*stagedStructs)
	for i := range rows {
		rows[i].DB = "a"
	}
	bad := stagedStructs + 44
	rows[bad].DB, rows[bad+stagedStructs].DB = "..", ".."
	var r *RouteError
	if err := WriteStructs(t.Context(), w, nil, rows); !errors.As(err, &r) || r.Index != bad {
		t.Errorf("%v, want line %d", err, bad)
	}
	rows[bad].DB, rows[bad].V = "a", math.NaN()
	rows[bad+stagedStructs].DB = "a"
	var p *lp.PointError
	if err := WriteStructs(t.Context(), w, nil, rows); !errors.As(err, &p) || p.Index != bad {
		t.Errorf("%v, want point %d", err, bad)
	}
	mustClose(t, w)
}
