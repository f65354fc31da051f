package fastclient

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/line"
)

// FuzzVerdict gives arbitrary answers to parts of a batch: every line gets one
// fate, nothing is taken for stored that the server did not say it stored, and what
// is sent again at once is not the request that was refused.
func FuzzVerdict(f *testing.F) {
	for _, row := range verdictRows {
		var numbers []byte
		for _, l := range row.refused {
			numbers = append(numbers, byte(l.number))
		}
		f.Add(uint16(row.status), uint8(row.api), row.message, int64(1), numbers, uint8(5), uint8(0))
		f.Add(uint16(row.status), uint8(row.api), row.message, int64(-1), numbers, uint8(1), uint8(1))
	}
	f.Fuzz(func(t *testing.T, status uint16, api uint8, message string, dropped int64, numbers []byte, lines, flags uint8) {
		n := 1 + int(lines)%40
		var data []byte
		for i := range n {
			data = fmt.Appendf(data, "m,i=%d v=\"a\nb\" %d\n", i, i)
		}
		r := writeReply{api: API(api % 3), status: int(status) % 700, message: message, dropped: int(dropped)}
		for _, k := range numbers {
			r.refused = append(r.refused, refusedLine{int(k), message})
		}
		if r.status < 100 {
			r.status, r.err = 0, errors.New("no answer")
		}
		l := planLimits{
			isolate: flags&1 != 0, plain: flags&2 != 0, downgrade: flags&4 != 0,
			tries: int(flags>>3) & 7, spent: int(flags>>6) * isolationRequests / 2,
		}
		var p plan
		settle(&p, data, n, &r, l)
		at, sum := 0, 0
		for _, c := range p.cuts {
			if c.from != at || c.to <= c.from || line.Count(data[c.from:c.to]) != c.lines || data[c.to-1] != '\n' || c.blurred < 0 || c.blurred > c.lines {
				t.Fatalf("bad cut %+v at %d", c, at)
			}
			at, sum = c.to, sum+c.lines
		}
		if at != len(data) || sum != n {
			t.Fatalf("the cuts hold %d of %d bytes, %d of %d lines", at, len(data), sum, n)
		}
		requireHonest(t, &p, &r, l, n)
	})
}

// requireHonest holds what a plan may say of an answer.
func requireHonest(t *testing.T, p *plan, r *writeReply, l planLimits, n int) {
	t.Helper()
	success := r.status >= 200 && r.status < 300
	says := func(text string) bool { return strings.Contains(r.message, text) }
	stored := says("partial write") || says("points beyond retention policy") || says("hinted handoff queue not empty")
	for _, c := range p.cuts {
		switch {
		case success && (c.fate != fateAcked || c.blurred > 0):
			t.Fatalf("status %d: %+v", r.status, c)
		case c.fate == fateAcked && !success && !stored:
			t.Fatalf("%d %q: taken for stored: %+v", r.status, r.message, c)
		case c.fate == fateAcked && r.err != nil:
			t.Fatalf("no answer, and taken for stored: %+v", c)
		case c.fate == fateReject && (r.err != nil || r.status == 401 || r.status == 403 || r.status == 404 || r.status == 503 && !says("hinted handoff")):
			t.Fatalf("%d %q: given up: %+v", r.status, r.message, c)
		case c.fate == fateReject && c.loss == 0:
			t.Fatalf("rejected without a reason: %+v", c)
		case c.fate == fateAgain && !p.shut && c.lines == n && r.status != 415 && !(r.status == 405 && l.downgrade):
			t.Fatalf("%d %q: the same request again at once: %+v", r.status, r.message, c)
		}
	}
}
