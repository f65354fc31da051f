package verdict

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/caseat"
	"github.com/pointwire/pointwire/internal/line"
)

// verdictRows are responses of real servers, and the Action that Judge must return.
var verdictRows = []struct {
	name       string
	api        seam.API
	status     int
	message    string
	refused    []seam.RefusedLine
	unreadable bool
	err        error
	foreign    bool
	empty      bool
	want       Action
}{
	{name: "no response", err: errors.New("reset"), want: ActRetry},
	{name: "ok", status: 204, want: ActAck},
	{name: "ok of 1.12", status: 200, empty: true, want: ActAck},
	{name: "accepted", status: 202, empty: true, want: ActAck},
	{name: "page", status: 200, want: ActKeep},
	{name: "another success", status: 201, empty: true, want: ActKeep},
	{name: "206", status: 206, empty: true, want: ActKeep},
	{name: "header too large", err: errors.New("header too large"), unreadable: true, want: ActUnreadable},
	{name: "400 of a proxy", status: 400, message: "unable to parse 'm': missing fields", foreign: true, want: ActKeep},
	{name: "404 of a proxy", status: 404, foreign: true, want: ActKeep},
	{name: "405 of a proxy", status: 405, foreign: true, want: ActDowngrade},
	{name: "407 of a proxy", status: 407, foreign: true, want: ActKeep},
	{name: "413 of a proxy", status: 413, foreign: true, want: ActSplit},
	{name: "415 of a proxy", status: 415, foreign: true, want: ActPlain},
	{name: "421 of a proxy", status: 421, foreign: true, want: ActKeep},
	{name: "422 of a proxy", status: 422, foreign: true, want: ActKeep},
	{name: "451 of a proxy", status: 451, foreign: true, want: ActKeep},
	{name: "501 of a proxy", status: 501, foreign: true, want: ActRetry},
	{name: "505 of a proxy", status: 505, foreign: true, want: ActRetry},
	{name: "hinted handoff of a proxy", status: 500, message: "hinted handoff queue not empty", foreign: true, want: ActRetry},
	{name: "information", status: 100, want: ActRetry},
	{name: "redirect", status: 301, want: ActKeep},
	{name: "v3 partial, listed", api: seam.V3, status: 400, message: "partial write of line protocol occurred",
		refused: []seam.RefusedLine{{Number: 2, Message: "x", Text: ""}}, want: ActRefused},
	{name: "v3 all or nothing", api: seam.V3, status: 400, message: "parsing failed for write_lp endpoint",
		refused: []seam.RefusedLine{{Number: 2, Message: "x", Text: ""}}, want: ActRefused},
	{name: "v3 limit", api: seam.V3, status: 422, message: "partial write of line protocol occurred", want: ActRefused},
	{name: "1.x type conflict", status: 400,
		message: `partial write: field type conflict: input field "f" on measurement "m" is type float, already exists as type integer dropped=1`, want: ActRefused},
	{name: "1.6.7 bad lines", status: 400, message: "partial write: unable to parse 'v2': missing fields dropped=0", want: ActRefused},
	{name: "1.x all lines bad", status: 400, message: "unable to parse 'v2': missing fields", want: ActRefused},
	{name: "1.8.10 type conflict", status: 400, message: "field type conflict", want: ActRefused},
	{name: "2.7 bad line", api: seam.V2, status: 400, message: "unable to parse 'v2': missing fields", want: ActRefused},
	{name: "2.7 partial", api: seam.V2, status: 422, message: "failure writing points to database: partial write: field type conflict dropped=1", want: ActRefused},
	{name: "QuestDB bad line", status: 400, message: "failed to parse line protocol:errors encountered on line(s)", want: ActRefused},
	{name: "too old", status: 400, message: "partial write: points beyond retention policy dropped=2", want: ActRefused},
	{name: "2.8 too old", api: seam.V2, status: 422, message: "failure writing points to database: partial write: dropped 1 points outside retention policy of duration 1h0m0s - oldest point m at 2020-01-01T00:00:00Z dropped because it violates a Retention Policy Lower Bound at 2026-01-01T00:00:00Z, newest point m at 2020-01-01T00:00:00Z dropped because it violates a Retention Policy Lower Bound at 2026-01-01T00:00:00Z dropped=1 for database: 0123456789abcdef for retention policy: autogen", want: ActRefused},
	{name: "cache of 1.x", status: 500, message: "engine: field type conflict", want: ActRefused},
	{name: "damaged on the way", status: 400, message: "gzip: invalid checksum", want: ActKeep},
	{name: "no database named", status: 400, message: "database is required", want: ActReject},
	{name: "406", status: 406, want: ActReject},
	{name: "409", status: 409, want: ActReject},
	{name: "422", status: 422, want: ActRefused},
	{name: "other words", status: 400, message: "the parser is on holiday", want: ActRefused},
	{name: "not authorized", status: 401, want: ActKeep},
	{name: "forbidden", status: 403, want: ActKeep},
	{name: "no such database", status: 404, message: "database not found: \"x\"", want: ActMissing},
	{name: "wrong API", api: seam.V3, status: 405, want: ActDowngrade},
	{name: "408", status: 408, want: ActRetry},
	{name: "425", status: 425, want: ActRetry},
	{name: "429", status: 429, want: ActRetry},
	{name: "500", status: 500, message: "timeout", want: ActRetry},
	{name: "1.x missing retention policy", status: 500, message: "retention policy not found: nope", want: ActMissing},
	{name: "3.x over the v2 path", api: seam.V2, status: 500, message: "partial write of line protocol occurred", want: ActRefused},
	{name: "502", status: 502, want: ActRetry},
	{name: "503", status: 503, message: "request throttled, queue full", want: ActRetry},
	{name: "504", status: 504, want: ActRetry},
	{name: "507", status: 507, want: ActRetry},
	{name: "509", status: 509, want: ActRetry},
	{name: "523", status: 523, want: ActRetry},
	{name: "524", status: 524, want: ActRetry},
	{name: "529", status: 529, want: ActRetry},
	{name: "599", status: 599, want: ActRetry},
	{name: "another 5xx", status: 520, want: ActRetry},
	{name: "too large", status: 413, want: ActSplit},
	{name: "no encoding", status: 415, want: ActPlain},
	{name: "hinted handoff", status: 500, message: "hinted handoff queue not empty", want: ActAck},
	{name: "hinted handoff as 400", status: 400, message: "partial write: hinted handoff queue not empty", want: ActAck},
	{name: "another 4xx", status: 418, want: ActReject},
	{name: "not implemented", status: 501, want: ActReject},
	{name: "HTTP version", status: 505, want: ActReject},
}

func TestVerdicts(t *testing.T) {
	seen := map[Action]bool{}
	for i, row := range verdictRows {
		t.Run(row.name, func(t *testing.T) {
			r := seam.Response{API: row.api, Status: row.status, Message: row.message, Refused: row.refused, Err: row.err, Foreign: row.foreign, Empty: row.empty, Unreadable: row.unreadable}
			if got := Judge(&r); got != row.want {
				t.Errorf("%s: judged %v, want %v", caseat.Line(i), got, row.want)
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

// TestPlansCoverTheirPart: whatever the response, every line of the part gets one outcome,
// and spans are in order and end with a line.
func TestPlansCoverTheirPart(t *testing.T) {
	data := []byte("m v=1 1\nm v=\"a\nb\" 2\nm v=3 3\nm v=4 4\nm v=5 5\n")
	const lines = 5
	for _, row := range verdictRows {
		for _, l := range []Limits{{}, {Within: true}, {Search: true, Within: true}, {Search: true, Within: true, Ordered: true}, {Tries: 9, Plain: true}, {Downgrade: true}} {
			for n := 1; n <= lines; n++ {
				size := 0
				for range n {
					size += line.Len(data[size:])
				}
				r := seam.Response{API: row.api, Status: row.status, Message: row.message, Refused: row.refused, Err: row.err, Foreign: row.foreign, Empty: row.empty, Unreadable: row.unreadable}
				var p Plan
				Decide(&p, data[:size], n, &r, l)
				at, sum := 0, 0
				for _, c := range p.Spans {
					if c.From != at || c.To <= c.From || line.Count(data[c.From:c.To]) != c.Lines || data[c.To-1] != '\n' {
						t.Fatalf("%s, %+v, %d lines: bad span %+v at %d", row.name, l, n, c, at)
					}
					at = c.To
					sum += c.Lines
				}
				if at != size || sum != n {
					t.Errorf("%s, %+v: the spans hold %d of %d bytes, %d of %d lines", row.name, l, at, size, sum, n)
				}
			}
		}
	}
}

var errLost = errors.New("connection reset")

func planOf(data string, r seam.Response, l Limits) string {
	var p Plan
	Decide(&p, []byte(data), line.Count([]byte(data)), &r, l)
	var b strings.Builder
	for _, c := range p.Spans {
		outcome := [...]string{"again", "acked", "rejected", "uncertain"}[c.Outcome]
		if c.Outcome == Rejected {
			outcome += "(" + [...]string{"", "line", "retention", "request", "too_large", "uncertain"}[c.Reason] + ")"
		}
		if c.Second {
			outcome += "2"
		}
		fmt.Fprintf(&b, "%s:%q ", outcome, data[c.From:c.To])
	}
	if p.Wait {
		b.WriteString("wait ")
	}
	if p.Gather {
		b.WriteString("gathered ")
	}
	if p.Known > 0 {
		fmt.Fprintf(&b, "known:%d", p.Known)
	}
	return strings.TrimSpace(b.String())
}

func TestPlans(t *testing.T) {
	const (
		abcde = "a v=1 1\nb v=1 2\nc v=1 3\nd v=1 4\ne v=1 5\n"
		whole = `"a v=1 1\nb v=1 2\nc v=1 3\nd v=1 4\ne v=1 5\n"`
		two   = "a v=1 1\nb v=1 2\n"
		quote = "a v=1 1\nb x=\"unable to parse 'a v=1 1': missing fields\" 2\nc x=\"1\n': 2\" 3\n"
		mixed = "a v=1 1\nb v=1\nc v=1 3\n"
	)
	bad := func(message string) seam.Response { return seam.Response{Status: 400, Message: message} }
	search, never := Limits{Search: true, Within: true}, Limits{Within: true}
	spent := Limits{}
	partial := bad("partial write: field type conflict: input field \"w\" on measurement \"b\" is type float, already exists as type integer dropped=2")
	ofB := bad(`partial write: field type conflict: input field "v" on measurement "b" is type float, already exists as type integer dropped=1`)
	gap := seam.Response{API: seam.V3, Status: 400, Message: "partial write of line protocol occurred", Refused: []seam.RefusedLine{{Number: 3, Message: "c is bad", Text: "c v"}, {Number: 4, Message: "d is bad", Text: "d v=1"}}}
	strip := seam.Response{API: seam.V3, Status: 400, Message: "parsing failed", Refused: []seam.RefusedLine{{Number: 1, Message: "x", Text: ""}}}
	outside := seam.Response{API: seam.V3, Status: 400, Message: "partial write of line protocol occurred", Refused: []seam.RefusedLine{{Number: 9, Message: "x", Text: ""}}}
	another := seam.Response{API: seam.V3, Status: 400, Message: "partial write of line protocol occurred", Refused: []seam.RefusedLine{{Number: 2, Message: "x", Text: "a v=1"}}}
	cutOff := seam.Response{Status: 400, Message: "partial write: unable to parse 'a v=1 1'", Truncated: true}
	unparsed := bad("unable to parse 'b v=1 2': missing fields\nunable to parse 'd v=1 4': bad timestamp")
	several := unparsed
	several.Mixed = true
	for i, c := range []struct {
		name, data string
		r          seam.Response
		l          Limits
		want       string
	}{
		{"listed", abcde, gap, search, `acked:"a v=1 1\nb v=1 2\n" rejected(line):"c v=1 3\n" rejected(line):"d v=1 4\n" acked:"e v=1 5\n"`},
		{"listed, without a search", abcde, gap, spent, `acked:"a v=1 1\nb v=1 2\n" rejected(line):"c v=1 3\n" rejected(line):"d v=1 4\n" acked:"e v=1 5\n"`},
		{"stripped", abcde, strip, never, `rejected(line):"a v=1 1\n" again:"b v=1 2\nc v=1 3\nd v=1 4\ne v=1 5\n" gathered`},
		{"stripped too often", abcde, strip, spent, `rejected(request):` + whole},
		{"a list that does not fit", abcde, outside, never, `uncertain:` + whole + ` known:1`},
		{"a list of other lines", abcde, another, search, `again:"a v=1 1\nb v=1 2\n" again:"c v=1 3\nd v=1 4\ne v=1 5\n"`},
		{"not listed", abcde, partial, never, `uncertain:` + whole + ` known:2`},
		{"not listed, searched", abcde, partial, search, `again:"a v=1 1\nb v=1 2\n" again:"c v=1 3\nd v=1 4\ne v=1 5\n"`},
		{"named by their field", abcde, ofB, search, `again:"a v=1 1\n" again2:"b v=1 2\n" again:"c v=1 3\nd v=1 4\ne v=1 5\n" gathered`},
		{"named by their field, in order", abcde, ofB, Limits{Search: true, Within: true, Ordered: true}, `again:"a v=1 1\nb v=1 2\n" again:"c v=1 3\nd v=1 4\ne v=1 5\n"`},
		{"response cut off", abcde, cutOff, never, `again:"a v=1 1\nb v=1 2\n" again:"c v=1 3\nd v=1 4\ne v=1 5\n"`},
		{"response cut off too often", abcde, cutOff, spent, `uncertain:` + whole + ` known:1`},
		{"too old", abcde, bad("partial write: points beyond retention policy dropped=2"), search, `again2:"a v=1 1\nb v=1 2\n" again:"c v=1 3\nd v=1 4\ne v=1 5\n" gathered`},
		{"too old, without a search", abcde, bad("partial write: points beyond retention policy dropped=2"), never, `uncertain:` + whole + ` known:2`},
		{"all too old", abcde, bad("partial write: points beyond retention policy dropped=5"), never, `rejected(retention):` + whole},
		{"all of the wrong type", two, partial, never, `rejected(line):"a v=1 1\nb v=1 2\n"`},
		{"all over a limit, counted twice", two, bad("partial write: max-series-per-database limit exceeded: (2) dropped=2"), never, `uncertain:"a v=1 1\nb v=1 2\n" known:2`},
		{"found", "a v=1 1\n", partial, search, `rejected(line):"a v=1 1\n"`},
		{"named, nothing stored", abcde, unparsed, never, `again:"a v=1 1\n" rejected(line):"b v=1 2\n" again:"c v=1 3\n" rejected(line):"d v=1 4\n" again:"e v=1 5\n" gathered`},
		{"named by one of several servers", abcde, several, never, `uncertain:` + whole + ` known:1`},
		{"named by one of several servers, searched", abcde, several, search, `again:"a v=1 1\nb v=1 2\n" again:"c v=1 3\nd v=1 4\ne v=1 5\n"`},
		{"named, the others stored", two, bad("partial write: unable to parse 'b v=1 2': missing fields dropped=0"), never, `acked:"a v=1 1\n" rejected(line):"b v=1 2\n"`},
		{"not named, nothing stored", abcde, bad("unable to parse 'x': missing fields"), never, `rejected(request):` + whole},
		{"not named, nothing stored, searched", two, bad("unable to parse 'x': missing fields"), search, `again:"a v=1 1\n" again:"b v=1 2\n"`},
		{"a line that holds a quote", quote, bad("unable to parse 'a v=1 1': missing fields"), search, `rejected(line):"a v=1 1\n" again:"b x=\"unable to parse 'a v=1 1': missing fields\" 2\nc x=\"1\n': 2\" 3\n" gathered`},
		{"unstamped, stored in part", mixed, partial, search, `again:"a v=1 1\n" uncertain:"b v=1\n" again:"c v=1 3\n" gathered`},
		{"unstamped, nothing stored", mixed, bad("unable to parse 'b v=1': missing fields"), search, `again:"a v=1 1\n" rejected(line):"b v=1\n" again:"c v=1 3\n" gathered`},
		{"unknown words", two, bad("no"), search, `again:"a v=1 1\n" again:"b v=1 2\n"`},
		{"a request refused", two, bad("database is required"), search, `rejected(request):"a v=1 1\nb v=1 2\n"`},
		{"a list with a 500", two, seam.Response{API: seam.V3, Status: 500, Message: "partial write of line protocol occurred", Refused: []seam.RefusedLine{{Number: 1, Message: "x"}}}, Limits{}, `uncertain:"a v=1 1\nb v=1 2\n" known:1`},
		{"too large", two, seam.Response{Status: 413}, Limits{}, `again:"a v=1 1\n" again:"b v=1 2\n"`},
		{"one line too large", "a v=1\n", seam.Response{Status: 413}, Limits{}, `rejected(too_large):"a v=1\n"`},
		{"plain", "a v=1\n", seam.Response{Status: 415}, Limits{}, `again:"a v=1\n"`},
		{"plain already", "a v=1\n", seam.Response{Status: 415}, Limits{Plain: true}, `rejected(request):"a v=1\n"`},
		{"plain already, by a proxy", "a v=1\n", seam.Response{Status: 415, Foreign: true}, Limits{Plain: true}, `again:"a v=1\n" wait`},
		{"unreadable, third", two, seam.Response{Err: errLost, Unreadable: true}, Limits{Tries: 3}, `uncertain:"a v=1 1\nb v=1 2\n"`},
		{"unreadable, second", two, seam.Response{Err: errLost, Unreadable: true}, Limits{Tries: 2}, `again:"a v=1 1\nb v=1 2\n" wait`},
		{"down", "a v=1\n", seam.Response{Status: 503}, Limits{}, `again:"a v=1\n" wait`},
		{"other API", "a v=1\n", seam.Response{Status: 405}, Limits{Downgrade: true}, `again:"a v=1\n"`},
		{"no other API", "a v=1\n", seam.Response{Status: 405}, Limits{}, `rejected(request):"a v=1\n"`},
		{"no other API, by a proxy", "a v=1\n", seam.Response{Status: 405, Foreign: true}, Limits{}, `again:"a v=1\n" wait`},
	} {
		if got := planOf(c.data, c.r, c.l); got != c.want {
			t.Errorf("%s: %s:\n got %s\nwant %s", caseat.Line(i), c.name, got, c.want)
		}
	}
}

func TestGather(t *testing.T) {
	for n := range 200 {
		var data []byte
		var spans []Span
		var want [2]string
		x := uint32(n) * 2654435761
		for i := range n % 23 {
			x = x*1664525 + 1013904223
			l := strings.Repeat(string(rune('a'+i)), 1+int(x>>28)) + "\n"
			c := Span{From: len(data), To: len(data) + len(l), Lines: 1, Outcome: Outcome(x >> 20 & 3), Second: x>>16&1 != 0}
			if c.Outcome == Again {
				if c.Second {
					want[1] += l
				} else {
					want[0] += l
				}
			}
			data = append(data, l...)
			spans = append(spans, c)
		}
		runs := Gather(data, spans)
		for i, r := range runs {
			if got := string(data[r.From:r.To]); got != want[i] || r.Lines != strings.Count(want[i], "\n") {
				t.Fatalf("%d: run %d: %q of %d lines, want %q", n, i, got, r.Lines, want[i])
			}
		}
	}
}

// TestMerge: of the responses of several servers, the one decides after which the batch is
// farthest from being stored.
func TestMerge(t *testing.T) {
	partial := seam.Response{Status: 400, Message: "partial write: x dropped=1"}
	reset := seam.Response{Err: errLost}
	order := []seam.Response{partial, {Status: 406}, {Status: 413}, reset}
	for i, low := range order {
		for _, high := range order[i+1:] {
			for _, list := range [][]seam.Response{{low, high}, {high, low}, {low, high, low}} {
				r := seam.Response{Mixed: true, Replicas: list}
				Merge(&r)
				if r.Status != high.Status || r.Err != high.Err || !r.Mixed {
					t.Errorf("of %+v: %+v", list, r)
				}
			}
		}
	}
	one := seam.Response{Status: 204}
	if Merge(&one); one.Status != 204 || one.Mixed {
		t.Errorf("of one server: %+v", one)
	}
}
