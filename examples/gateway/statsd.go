package main

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/lp"
)

// A metric is what StatsD sums up: name:value|kind|@rate|#key:value,…
type metric struct{ name, kind, tags string }

// A summary is what the values of a metric come to, each counted by its rate.
type summary struct{ n, sum, max float64 }

// An aggregate sums up what arrives between two writes. Gauges keep their value.
type aggregate struct {
	mu        sync.Mutex
	metrics   map[metric]*summary
	malformed int // lines, also of metrics beyond the bound
}

// listen reads datagrams until the socket is closed.
func (a *aggregate) listen(socket net.PacketConn) {
	var buf [64 << 10]byte
	for {
		n, _, err := socket.ReadFrom(buf[:])
		if err != nil {
			return
		}
		a.mu.Lock()
		for line := range strings.SplitSeq(string(buf[:n]), "\n") {
			if line != "" && !a.add(line) {
				a.malformed++
			}
		}
		a.mu.Unlock()
	}
}

// add adds a line, and reports whether it is one.
func (a *aggregate) add(line string) bool {
	name, rest, _ := strings.Cut(line, ":")
	parts := strings.Split(rest, "|")
	v, err := strconv.ParseFloat(parts[0], 64)
	if name == "" || err != nil || v-v != 0 || len(parts) < 2 {
		return false
	}
	m, rate := metric{name: name, kind: parts[1]}, 1.0
	for _, part := range parts[2:] {
		if text, ok := strings.CutPrefix(part, "@"); ok {
			rate, err = strconv.ParseFloat(text, 64)
		} else {
			m.tags = strings.TrimPrefix(part, "#")
		}
	}
	s := a.metrics[m]
	if err != nil || !(rate > 0 && rate <= 1) || !strings.Contains(" c g ms h ", " "+m.kind+" ") || s == nil && len(a.metrics) == 100_000 {
		return false
	}
	if s == nil {
		s = &summary{max: v}
		a.metrics[m] = s
	}
	if m.kind == "g" && strings.IndexAny(parts[0], "+-") != 0 {
		s.sum = 0 // with a sign it is a change
	}
	s.n += 1 / rate
	s.sum += v / rate
	s.max = max(s.max, v)
	return true
}

// write writes a point for each metric, and begins anew.
func (a *aggregate) write(ctx context.Context, w *batch.Writer, now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return w.Encode(ctx, func(e *lp.Encoder) {
		for m, s := range a.metrics {
			e.Point(m.name)
			for tag := range strings.SplitSeq(m.tags, ",") {
				if key, value, _ := strings.Cut(tag, ":"); value != "" {
					e.Tag(key, value)
				}
			}
			switch m.kind {
			case "g":
				e.Float("gauge", s.sum)
			case "c":
				e.Float("counter", s.sum)
			default:
				e.Float("count", s.n)
				e.Float("mean", s.sum/s.n)
				e.Float("max", s.max)
			}
			e.End(now)
			if m.kind != "g" {
				delete(a.metrics, m)
			}
		}
	})
}
