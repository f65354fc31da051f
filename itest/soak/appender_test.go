package soak

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/lp"
)

// An appender appends until its context ends.
type appender struct {
	*subject
	rng   *rand.Rand
	tag   string
	lines []byte
}

func (s *subject) appender(i int, seed uint64) *appender {
	return &appender{subject: s, rng: rand.New(rand.NewPCG(seed, uint64(i))), tag: strconv.Itoa(i)}
}

func (a *appender) run(ctx context.Context, rate *atomic.Int64) {
	for ctx.Err() == nil {
		n := pick(a.rng, 1, 1, 1, 5, 50, 50, 200, 500)
		a.append(ctx, n)
		if a.rng.IntN(24) == 0 {
			a.wait(ctx)
		}
		pause(ctx, a.rng, time.Duration(n)*time.Duration(rate.Load())+1)
	}
}

// limited returns a context that often ends too early.
func (a *appender) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	switch a.rng.IntN(8) {
	case 0:
		return context.WithTimeout(ctx, time.Duration(a.rng.Int64N(int64(50*time.Millisecond))))
	case 1:
		ctx, cancel := context.WithCancel(ctx)
		stop := time.AfterFunc(time.Duration(a.rng.Int64N(int64(20*time.Millisecond))), cancel)
		return ctx, func() { stop.Stop(); cancel() }
	case 2:
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx, cancel
	}
	return context.WithTimeout(ctx, 20*time.Second)
}

// append makes one append of n points in one of the ways there are.
func (a *appender) append(ctx context.Context, n int) {
	ctx, cancel := a.limited(ctx)
	defer cancel()
	l := a.life.Load()
	l.mu.RLock()
	defer l.mu.RUnlock()
	stamped := a.rng.IntN(4) == 0
	at := a.clock.now()
	if stamped {
		at = time.Now().UnixNano()
	}
	first := a.ledger.reserve(n, at, stamped)
	var err error
	switch a.rng.IntN(3) {
	case 0:
		err = l.w.Append(ctx, a.raw(first, n, at, stamped))
	case 1:
		points := make([]lp.Appender, n)
		for i := range n {
			points[i] = a.point(first+i, at, stamped)
		}
		err = l.w.AppendPoints(ctx, points...)
	default:
		err = l.w.Encode(ctx, func(e *lp.Encoder) {
			for i := range n {
				if err := a.encode(e, first+i, at, stamped); err != nil {
					a.t.Errorf("%s: encode: %v", a.name, err)
				}
			}
		})
	}
	took := n
	var ae *batch.AppendError
	if errors.As(err, &ae) {
		if took = ae.Accepted; ae.Accepted+ae.Refused != n || !a.expected(err) {
			a.t.Errorf("%s: %d points: %v", a.name, n, err)
		}
		a.refused.Add(int64(ae.Refused))
		if ctx.Err() != nil {
			a.cancelled.Add(1)
		}
		if errors.Is(err, batch.ErrNotLogged) {
			a.lateSpooled.Add(int64(ae.Accepted))
		}
	} else if err != nil {
		a.t.Errorf("%s: append: %v", a.name, err)
	}
	a.appends.Add(1)
	a.ledger.settle(first, took, n)
	l.accepted.Add(int64(took))
}

// kind is the tag that keeps series with and without timestamps apart.
func kind(stamped bool) string {
	if stamped {
		return "stamped"
	}
	return "timed"
}

func (a *appender) raw(first, n int, at int64, stamped bool) []byte {
	b := a.lines[:0]
	for id := first; id < first+n; id++ {
		b = append(append(append(b, "soak,a="...), a.tag...), ",k="...)
		b = append(append(append(append(b, kind(stamped)...), ",w="...), a.name...), " f="...)
		b = strconv.AppendFloat(b, floatOf(id), 'g', -1, 64)
		b = strconv.AppendInt(append(b, ",id="...), int64(id), 10)
		b = append(strconv.AppendInt(append(b, "i,v="...), valueOf(id), 10), 'i')
		if !stamped {
			b = strconv.AppendInt(append(b, ' '), timeOf(at, id), 10)
		}
		b = append(b, '\n')
	}
	a.lines = b
	return b
}

func (a *appender) point(id int, at int64, stamped bool) *lp.Point {
	p := new(lp.Point)
	p.SetMeasurement("soak")
	p.SetTag("a", a.tag)
	p.SetTag("k", kind(stamped))
	p.SetTag("w", a.name)
	p.SetFloat("f", floatOf(id))
	p.SetInt("id", int64(id))
	p.SetInt("v", valueOf(id))
	if !stamped {
		p.SetTime(time.Unix(0, timeOf(at, id)))
	}
	return p
}

// encode writes the point id to e.
func (a *appender) encode(e *lp.Encoder, id int, at int64, stamped bool) error {
	e.Point("soak")
	e.Tag("a", a.tag)
	e.Tag("k", kind(stamped))
	e.Tag("w", a.name)
	e.Float("f", floatOf(id))
	e.Int("id", int64(id))
	e.Int("v", valueOf(id))
	if stamped {
		return e.EndNoTimestamp()
	}
	return e.EndTimestamp(timeOf(at, id))
}

// wait calls Flush or Sync.
func (a *appender) wait(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(a.rng.Int64N(int64(2*time.Second))))
	defer cancel()
	l := a.life.Load()
	l.mu.RLock()
	defer l.mu.RUnlock()
	if a.overflow != batch.Block && a.rng.IntN(2) == 0 {
		a.check("sync", l.w.Sync(ctx))
		return
	}
	a.check("flush", l.w.Flush(ctx))
}
