package verdict

import (
	"errors"
	"fmt"
	"testing"

	"github.com/pointwire/pointwire/fastclient/internal/complaint"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/line"
)

// FuzzVerdict gives arbitrary responses to parts of a batch: every line gets one
// outcome, no line is taken for stored that the server did not say it stored, and the lines
// that are sent again at once are not the request that was refused.
func FuzzVerdict(f *testing.F) {
	for _, row := range verdictRows {
		var numbers []byte
		for _, l := range row.refused {
			numbers = append(numbers, byte(l.Number))
		}
		f.Add(uint16(row.status), uint8(row.api), row.message, numbers, uint8(5), uint8(0))
		f.Add(uint16(row.status), uint8(row.api), row.message, numbers, uint8(1), uint8(1))
	}
	f.Fuzz(func(t *testing.T, status uint16, api uint8, message string, numbers []byte, lines, flags uint8) {
		n := 1 + int(lines)%40
		var data []byte
		for i := range n {
			data = fmt.Appendf(data, "m,i=%d v=\"a\nb\" %d\n", i, i)
		}
		r := seam.Response{API: seam.API(api % 3), Status: int(status) % 700, Message: message, Foreign: flags&32 != 0, Mixed: flags&64 != 0}
		for _, k := range numbers {
			r.Refused = append(r.Refused, seam.RefusedLine{Number: int(k), Message: message, Text: ""})
		}
		if r.Status < 100 {
			r.Status, r.Err = 0, errors.New("no response")
		}
		l := Limits{
			Search: flags&1 != 0, Within: flags&2 != 0, Plain: flags&2 != 0, Downgrade: flags&4 != 0,
			Ordered: flags&8 != 0, Tries: int(flags>>4) & 3,
		}
		var p Plan
		Decide(&p, data, n, &r, l)
		at, sum := 0, 0
		for _, c := range p.Spans {
			if c.From != at || c.To <= c.From || line.Count(data[c.From:c.To]) != c.Lines || data[c.To-1] != '\n' {
				t.Fatalf("bad span %+v at %d", c, at)
			}
			at, sum = c.To, sum+c.Lines
		}
		if at != len(data) || sum != n {
			t.Fatalf("the spans hold %d of %d bytes, %d of %d lines", at, len(data), sum, n)
		}
		requireHonest(t, &p, &r, l, n)
	})
}

// requireHonest fails the test if a plan says more than the response does.
func requireHonest(t *testing.T, p *Plan, r *seam.Response, l Limits, n int) {
	t.Helper()
	c := complaint.Read(r.Message)
	refusal := (r.Status == 400 || r.Status == 422) && !r.Foreign
	queued := c.Kind == complaint.Queued && (refusal || r.Status == 500 && !r.Foreign)
	named := refusal && !r.Mixed && (c.Kind == complaint.Unparsed && c.Stored || r.API == seam.V3 && c.Kind == complaint.Listed && len(r.Refused) > 0)
	for _, k := range p.Spans {
		switch {
		case r.Status == 204 && k.Outcome != Acked:
			t.Fatalf("status %d: %+v", r.Status, k)
		case k.Outcome == Acked && r.Status != 204 && !queued && !named:
			t.Fatalf("%d %q: taken for stored: %+v", r.Status, r.Message, k)
		case k.Outcome == Rejected && r.Foreign && r.Status != 413:
			t.Fatalf("%d %q: given up because of a proxy: %+v", r.Status, r.Message, k)
		case k.Outcome == Rejected && (r.Err != nil || r.Status == 401 || r.Status == 403 || r.Status == 404 || r.Status == 503):
			t.Fatalf("%d %q: given up: %+v", r.Status, r.Message, k)
		case (k.Outcome == Rejected || k.Outcome == Uncertain) && k.Reason == 0:
			t.Fatalf("lost without a reason: %+v", k)
		case k.Outcome == Uncertain && k.Reason != ForUncertain:
			t.Fatalf("uncertain and rejected: %+v", k)
		case k.Outcome == Again && !p.Wait && k.Lines == n && r.Status != 415 && !(r.Status == 405 && l.Downgrade):
			t.Fatalf("%d %q: the same request again at once: %+v", r.Status, r.Message, k)
		}
	}
}
