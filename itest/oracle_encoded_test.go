package itest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/lp"
)

// longHeader is longer than the header that a client reads by default.
var longHeader = strings.Repeat("x", 20<<10)

// padding returns a dialer that reaches the server through a proxy, which makes the headers
// of responses long.
func (o *oracle) padding() func(ctx context.Context, network, addr string) (net.Conn, error) {
	to, err := url.Parse(o.s.URL())
	if err != nil {
		o.t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ModifyResponse: func(r *http.Response) error {
			r.Header.Set("X-Filler", longHeader)
			return nil
		},
	}
	server := httptest.NewServer(proxy)
	o.t.Cleanup(server.Close)
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", server.Listener.Addr().String())
	}
}

// precision chooses a precision of the endpoint.
func (o *oracle) precision(rng *rand.Rand) lp.Precision {
	coarsest := lp.Hour
	if o.target.coarsest > 0 {
		coarsest = o.target.coarsest
	}
	return lp.Precision(rng.IntN(int(coarsest) + 1))
}

// encodedPoint is a point that the client encodes.
type encodedPoint struct {
	at       time.Time // zero for none
	unsigned uint64
	taken    bool
}

// encoded writes points with unsigned values and without times, which the client encodes,
// and checks that each point that the client accepted is stored unchanged. No server may
// refuse one.
func (o *oracle) encoded(rng *rand.Rand) {
	ctx, cancel := context.WithTimeout(o.t.Context(), time.Minute)
	defer cancel()
	p := o.precision(rng)
	points := make([]encodedPoint, int(math.Exp(rng.Float64()*math.Log(501))))
	unstamped := rng.Float64()
	name := fmt.Sprintf("e%d_%x", o.runs, rng.Uint64()>>40)
	for i := range points {
		q := &points[i]
		q.unsigned = rng.Uint64() >> rng.IntN(64)
		if rng.Float64() >= unstamped {
			q.at = o.now.Add(-time.Hour - time.Duration(i)*time.Duration(max(p.Unit(), 1000)))
		}
	}
	c, way := o.client.WithPrecision(p), "encoded"
	padded := rng.IntN(40) == 0
	if padded {
		c, way, points = o.padded.WithPrecision(p), "encoded, long headers", points[:min(len(points), 20)]
	}
	requests, uncertain := 1, 0
	switch kind := rng.IntN(8); {
	case kind == 0 && !padded: // all points of a frame have a time
		f := &frame.Frame{Measurement: name, Precision: p, Columns: []frame.Column{frame.Tags("s", nil), frame.Ints("id", nil), frame.Uints("n", nil)}}
		for i := range points {
			q := &points[i]
			q.at = o.now.Add(-time.Hour - time.Duration(i)*time.Duration(max(p.Unit(), 1000)))
			f.Time = append(f.Time, q.at.UnixNano()/p.Unit())
			f.Columns[0].AppendString("s" + fmt.Sprint(i%3))
			f.Columns[1].AppendInt(int64(i))
			f.Columns[2].AppendUint(q.unsigned)
		}
		o.takenUnless(points, c.WriteFrame(ctx, f))
	case kind == 1 && !padded: // the server gives all points without a time the same time
		for i := range points {
			if points[i].at.IsZero() {
				points[i].at = o.now.Add(-time.Hour - time.Duration(i)*time.Duration(max(p.Unit(), 1000)))
			}
		}
		var list []*lp.Point
		for i := range points {
			list = append(list, points[i].point(name, i))
		}
		o.takenUnless(points, fastclient.WritePoints(ctx, c, list))
	default:
		w, err := batch.NewWriter(c, batch.Options{BatchLines: 1000})
		if err != nil {
			o.t.Fatal(err)
		}
		for i := range points {
			q := &points[i]
			if kind%2 == 0 {
				err = w.AppendPoints(ctx, q.point(name, i))
			} else {
				err = w.Encode(ctx, func(e *lp.Encoder) { q.point(name, i).Encode(e) })
			}
			q.taken = err == nil
			o.refusedRightly(q, p, err)
		}
		err = w.Flush(ctx)
		st := w.Stats()
		requests, uncertain = int(st.Requests), int(st.Uncertain.Lines)
		if st.Rejected.Lines > 0 || st.Dropped.Lines > 0 || st.Pending.Lines > 0 || uncertain > 0 && !padded || (err == nil) != (uncertain == 0) {
			o.t.Errorf("points that the client encoded in %v: %d rejected, %d uncertain, %d dropped, %d pending: %.300v",
				p, st.Rejected.Lines, uncertain, st.Dropped.Lines, st.Pending.Lines, err)
		}
		if padded && (st.Requests > 3 || uncertain == 0 && st.Acked.Lines > 0) {
			o.t.Errorf("a response with a header of %d bytes: %d requests, %d acked, %d uncertain", len(longHeader), requests, st.Acked.Lines, uncertain)
		}
		if err := w.Close(ctx); err != nil {
			o.t.Errorf("close: %v", err)
		}
	}
	o.share(way, len(points), uncertain, requests)
	o.batches++
	o.lines += len(points)
	if o.lookEncoded(ctx, name, p, points); o.t.Failed() {
		o.t.Logf("%d points in %v", len(points), p)
	}
}

// point returns the point as number i of a measurement. Three series share the points.
func (q *encodedPoint) point(name string, i int) *lp.Point {
	p := new(lp.Point)
	p.SetMeasurement(name)
	p.SetTag("s", "s"+fmt.Sprint(i%3))
	p.SetInt("id", int64(i))
	p.SetUint("n", q.unsigned)
	p.SetTime(q.at)
	return p
}

// takenUnless marks the points that a call accepted: all but those that do not fit.
func (o *oracle) takenUnless(points []encodedPoint, err error) {
	bad := 0
	for i := range points {
		if points[i].taken = o.target.unsigned || points[i].unsigned <= math.MaxInt64; !points[i].taken {
			bad++
		}
	}
	if e := (*fastclient.PointsError)(nil); errors.As(err, &e) && e.Write == nil && e.Bad == bad && errors.Is(err, lp.ErrUnsigned) || bad == 0 && err == nil {
		return
	}
	o.t.Errorf("%d of %d points have a value that does not fit: %.300v", bad, len(points), err)
}

// refusedRightly checks why a Writer did not accept a point.
func (o *oracle) refusedRightly(q *encodedPoint, p lp.Precision, err error) {
	fits := o.target.unsigned || q.unsigned <= math.MaxInt64
	switch {
	case !fits:
		if !errors.Is(err, lp.ErrUnsigned) {
			o.t.Errorf("%d does not fit: %v", q.unsigned, err)
		}
	case errors.Is(err, batch.ErrNoTimeLeft):
		if !q.at.IsZero() || p < lp.Second {
			o.t.Errorf("a point at %v in %v: %v", q.at, p, err)
		}
	case err != nil:
		o.t.Errorf("a point at %v in %v: %v", q.at, p, err)
	}
}

// lookEncoded compares the accepted points with the stored ones.
func (o *oracle) lookEncoded(ctx context.Context, name string, p lp.Precision, points []encodedPoint) {
	o.t.Helper()
	missing := map[int]bool{}
	for i := range points {
		if points[i].taken {
			missing[i] = true
		}
	}
	res, err := o.client.Query(ctx, `SELECT "id", "n" FROM "`+name+`"`)
	if err != nil {
		o.t.Fatal(err)
	}
	for row, err := range res.Rows() {
		if err != nil {
			o.t.Fatal(err)
		}
		at, err := row.Timestamp(0)
		id, idErr := row.Int(1)
		n, nErr := row.Uint(2)
		if err := errors.Join(err, idErr, nErr); err != nil {
			o.t.Fatal(err)
		}
		if !missing[int(id)] {
			o.t.Errorf("point %d is stored but was not accepted, or is stored twice", id)
			continue
		}
		delete(missing, int(id))
		q := &points[id]
		if want := q.at.UnixNano() / p.Unit() * p.Unit(); n != q.unsigned || !q.at.IsZero() && at != want {
			o.t.Errorf("point %d is %d at %d, want %d at %d, in %v", id, n, at, q.unsigned, want, p)
		}
	}
	if len(missing) > 0 {
		o.t.Errorf("%d of %d points were accepted and are not stored, in %v: %v", len(missing), len(points), p, missing)
	}
}
