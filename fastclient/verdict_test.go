package fastclient

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/line"
)

// verdictRows are the answers of real servers and what is to be done.
var verdictRows = []struct {
	name    string
	api     API
	status  int
	message string
	refused []refusedLine
	err     error
	want    action
}{
	{name: "no answer", err: errors.New("reset"), want: actRetry},
	{name: "ok", status: 204, want: actAck},
	{name: "ok of 1.12 and openGemini", status: 200, want: actAck},
	{name: "information", status: 100, want: actRetry},
	{name: "redirect", status: 301, want: actKeep},
	{name: "v3 partial, listed", api: V3, status: 400, message: "partial write of line protocol occurred",
		refused: []refusedLine{{2, "x"}}, want: actAckRest},
	{name: "v3 all or nothing", api: V3, status: 400, message: "parsing failed for write_lp endpoint",
		refused: []refusedLine{{2, "x"}}, want: actStrip},
	{name: "v3 limit", api: V3, status: 422, message: "partial write of line protocol occurred", want: actAckRest},
	{name: "1.x type conflict", status: 400,
		message: `partial write: field type conflict: input field "f" on measurement "m" is type float, already exists as type integer dropped=1`, want: actAckRest},
	{name: "1.6.7 bad lines", status: 400, message: "partial write: unable to parse 'v2': missing fields dropped=0", want: actAckRest},
	{name: "1.x all lines bad", status: 400, message: "unable to parse 'v2': missing fields", want: actIsolate},
	{name: "1.8.10 type conflict", status: 400, message: "field type conflict", want: actIsolate},
	{name: "2.7 bad line", api: V2, status: 400, message: "unable to parse 'v2': missing fields", want: actIsolate},
	{name: "2.7 partial", api: V2, status: 422, message: "failure writing points to database: partial write: field type conflict dropped=1", want: actAckRest},
	{name: "QuestDB bad line", status: 400, message: "failed to parse line protocol:errors encountered on line(s)", want: actIsolate},
	{name: "too old", status: 400, message: "partial write: points beyond retention policy dropped=2", want: actAckBeyond},
	{name: "too old beside bad lines", status: 400,
		message: "partial write: unable to parse 'x': missing fields\npoints beyond retention policy dropped=2", want: actAckRest},
	{name: "no database named", status: 400, message: "database is required", want: actReject},
	{name: "406", status: 406, want: actReject},
	{name: "409", status: 409, want: actReject},
	{name: "422", status: 422, want: actReject},
	{name: "not authorized", status: 401, want: actKeep},
	{name: "forbidden", status: 403, want: actKeep},
	{name: "no such database", status: 404, message: "database not found: \"x\"", want: actMissing},
	{name: "wrong API", api: V3, status: 405, want: actDowngrade},
	{name: "408", status: 408, want: actRetry},
	{name: "425", status: 425, want: actRetry},
	{name: "429", status: 429, want: actRetry},
	{name: "500", status: 500, message: "timeout", want: actRetry},
	{name: "1.x missing retention policy", status: 500, message: "retention policy not found: nope", want: actRetryFew},
	{name: "3.x over the v2 path", api: V2, status: 500, message: "partial write of line protocol occurred", want: actRetryFew},
	{name: "502", status: 502, want: actRetry},
	{name: "503", status: 503, message: "request throttled, queue full", want: actRetry},
	{name: "504", status: 504, want: actRetry},
	{name: "507", status: 507, want: actRetry},
	{name: "509", status: 509, want: actRetry},
	{name: "523", status: 523, want: actRetry},
	{name: "524", status: 524, want: actRetry},
	{name: "529", status: 529, want: actRetry},
	{name: "599", status: 599, want: actRetry},
	{name: "another 5xx", status: 520, want: actRetry},
	{name: "too large", status: 413, want: actSplit},
	{name: "no encoding", status: 415, want: actPlain},
	{name: "hinted handoff", status: 500, message: "hinted handoff queue not empty", want: actAck},
	{name: "hinted handoff as 400", status: 400, message: "partial write: hinted handoff queue not empty", want: actAck},
	{name: "another 4xx", status: 418, want: actReject},
	{name: "not implemented", status: 501, want: actReject},
	{name: "HTTP version", status: 505, want: actReject},
}

func TestVerdicts(t *testing.T) {
	seen := map[action]bool{}
	for _, row := range verdictRows {
		t.Run(row.name, func(t *testing.T) {
			r := writeReply{api: row.api, status: row.status, message: row.message, refused: row.refused, err: row.err}
			if got := judge(&r); got != row.want {
				t.Errorf("judged %v, want %v", got, row.want)
			}
			seen[row.want] = true
		})
	}
	for a := range numActions {
		if !seen[a] {
			t.Errorf("no row leads to %v", a)
		}
	}
}

// TestPlansCoverTheirPart: whatever the answer, every line of the part gets one
// fate, in order and cut at line ends.
func TestPlansCoverTheirPart(t *testing.T) {
	data := []byte("m v=1 1\nm v=\"a\nb\" 2\nm v=3 3\nm v=4 4\nm v=5 5\n")
	const lines = 5
	for _, row := range verdictRows {
		for _, l := range []planLimits{{}, {isolate: true}, {isolate: true, spent: isolationRequests}, {tries: 9, plain: true}, {downgrade: true}} {
			for n := 1; n <= lines; n++ {
				size := 0
				for range n {
					size += line.Len(data[size:])
				}
				r := writeReply{api: row.api, status: row.status, message: row.message, refused: row.refused, err: row.err, dropped: 99}
				var p plan
				settle(&p, data[:size], n, &r, l)
				at, sum := 0, 0
				for _, c := range p.cuts {
					if c.from != at || c.to <= c.from || line.Count(data[c.from:c.to]) != c.lines || data[c.to-1] != '\n' || c.blurred > c.lines {
						t.Fatalf("%s, %+v, %d lines: bad cut %+v at %d", row.name, l, n, c, at)
					}
					at = c.to
					sum += c.lines
				}
				if at != size || sum != n {
					t.Errorf("%s, %+v: the cuts hold %d of %d bytes, %d of %d lines", row.name, l, at, size, sum, n)
				}
			}
		}
	}
}

func planOf(data string, r writeReply, l planLimits) string {
	var p plan
	settle(&p, []byte(data), line.Count([]byte(data)), &r, l)
	var b strings.Builder
	for _, c := range p.cuts {
		fate := [...]string{"again", "acked", "rejected"}[c.fate]
		if c.fate == fateReject {
			fate += "(" + c.loss.String() + ")"
		}
		if c.blurred > 0 {
			fate += fmt.Sprintf("-%d", c.blurred)
		}
		fmt.Fprintf(&b, "%s:%q ", fate, data[c.from:c.to])
	}
	if p.shut {
		b.WriteString("shut")
	}
	return strings.TrimSpace(b.String())
}

func TestPlans(t *testing.T) {
	const abcde = "a v=1\nb v=1\nc v=1\nd v=1\ne v=1\n"
	partial := writeReply{status: 400, message: "partial write: field type conflict dropped=2", dropped: 2}
	gap := writeReply{api: V3, status: 400, message: "partial write of line protocol occurred", refused: []refusedLine{{3, "c is bad"}, {4, "d is bad"}}}
	strip := writeReply{api: V3, status: 400, message: "parsing failed", refused: []refusedLine{{1, "x"}}}
	outside := writeReply{api: V3, status: 400, message: "partial write", refused: []refusedLine{{9, "x"}}}
	cutOff := writeReply{status: 400, message: "partial write: unable to parse 'a v=1'", dropped: 1, truncated: true}
	for _, c := range []struct {
		name, data string
		r          writeReply
		l          planLimits
		want       string
	}{
		{"listed", abcde, gap, planLimits{}, `acked:"a v=1\nb v=1\n" rejected(line):"c v=1\n" rejected(line):"d v=1\n" acked:"e v=1\n"`},
		{"stripped", abcde, strip, planLimits{}, `rejected(line):"a v=1\n" again:"b v=1\nc v=1\nd v=1\ne v=1\n"`},
		{"stripped too often", abcde, strip, planLimits{spent: isolationRequests}, `rejected(request):"a v=1\nb v=1\nc v=1\nd v=1\ne v=1\n"`},
		{"a list that does not fit", abcde, outside, planLimits{}, `acked-1:"a v=1\nb v=1\nc v=1\nd v=1\ne v=1\n"`},
		{"not listed", abcde, partial, planLimits{}, `acked-2:"a v=1\nb v=1\nc v=1\nd v=1\ne v=1\n"`},
		{"not listed, isolated", abcde, partial, planLimits{isolate: true}, `again:"a v=1\nb v=1\n" again:"c v=1\nd v=1\ne v=1\n"`},
		{"answer cut off", abcde, cutOff, planLimits{}, `again:"a v=1\nb v=1\n" again:"c v=1\nd v=1\ne v=1\n"`},
		{"answer cut off too often", abcde, cutOff, planLimits{spent: isolationRequests}, `rejected(partial):"a v=1\nb v=1\nc v=1\nd v=1\ne v=1\n"`},
		{"too old", abcde, writeReply{status: 400, message: "partial write: points beyond retention policy dropped=2", dropped: 2}, planLimits{}, `acked:"a v=1\nb v=1\nc v=1\nd v=1\ne v=1\n"`},
		{"found", "a v=1\n", partial, planLimits{isolate: true}, `rejected(line):"a v=1\n"`},
		{"all refused", abcde, writeReply{status: 400, message: "unable to parse"}, planLimits{}, `rejected(request):"a v=1\nb v=1\nc v=1\nd v=1\ne v=1\n"`},
		{"too large", "a v=1\nb v=1\n", writeReply{status: 413}, planLimits{}, `again:"a v=1\n" again:"b v=1\n"`},
		{"one line too large", "a v=1\n", writeReply{status: 413}, planLimits{}, `rejected(too_large):"a v=1\n"`},
		{"plain", "a v=1\n", writeReply{status: 415}, planLimits{}, `again:"a v=1\n"`},
		{"plain already", "a v=1\n", writeReply{status: 415}, planLimits{plain: true}, `rejected(request):"a v=1\n"`},
		{"third 500", "a v=1\n", writeReply{status: 500, message: "retention policy not found"}, planLimits{tries: 3}, `rejected(given_up):"a v=1\n"`},
		{"second 500", "a v=1\n", writeReply{status: 500, message: "retention policy not found"}, planLimits{tries: 2}, `again:"a v=1\n" shut`},
		{"down", "a v=1\n", writeReply{status: 503}, planLimits{}, `again:"a v=1\n" shut`},
		{"other API", "a v=1\n", writeReply{status: 405}, planLimits{downgrade: true}, `again:"a v=1\n"`},
		{"no other API", "a v=1\n", writeReply{status: 405}, planLimits{}, `rejected(request):"a v=1\n"`},
	} {
		if got := planOf(c.data, c.r, c.l); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestRefusedCount(t *testing.T) {
	for _, c := range []struct {
		r    writeReply
		want int
	}{
		{writeReply{dropped: 2}, 2},
		{writeReply{}, 1},
		{writeReply{dropped: 99}, 5},
		{writeReply{message: "partial write: unable to parse 'a'\nunable to parse 'b'\nunable to parse 'c' dropped=0"}, 3},
	} {
		if got := refusedCount(&c.r, 5); got != c.want {
			t.Errorf("%+v: %d, want %d", c.r, got, c.want)
		}
	}
}
