package batch

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/internal/verdict"
	"github.com/pointwire/pointwire/fastclient/internal/complaint"
	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/backoff"
	"github.com/pointwire/pointwire/internal/inflate"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/internal/printable"
)

// This file sends a batch that was sealed elsewhere. The body is sent as it is. Only if the
// response is not about all lines alike is it unpacked, and parts of it are sent, by the
// verdicts that a Writer follows.
//
// Invariants: a line is in one part that waits, in the part under way, or settled; a part
// is its line numbers, in their order. Unpacked lines never move, so that Lost is made of
// slices of them. Nothing of a batch is believed before unpack has looked at it, but for its
// fields when the server takes it whole.

// Send writes a batch that was sealed elsewhere and returns what became of each line. It
// sends the body as it is, and does what a Writer does with the response: it sends again
// after a failure, with growing pauses, until ctx ends; divides a request that is too large;
// and searches for lines that the server refused without naming them, within 256 requests.
// The database, the retention policy and the precision are those of b; all else is that of
// c, which is not asked for its retry policy.
//
// The error is nil if every line has an outcome, even if it is a bad one. It wraps the error
// of ctx, or [fastclient.ErrClosed], and that of the server if lines are unsent. It is
// [ErrNotSealed] if b is no sealed batch: the lines that it claims to have are then rejected,
// or uncertain if the server may have stored some of what is in it. A body that the server
// takes whole is not looked at. An *[fastclient.OptionError] says that c cannot write to that
// place, or not in that precision; nothing is sent then.
//
// To unpack b, Send takes at most four times b.Bytes and 16 bytes for each line. It keeps
// nothing of b, which must not change meanwhile. It is safe for concurrent use.
func Send(ctx context.Context, c *fastclient.Client, b *Sealed) (Outcome, error) {
	if reason := b.fault(); reason != "" {
		return Outcome{}, &notSealed{reason}
	}
	if b.Database != "" {
		c = c.WithDatabase(b.Database).WithRetentionPolicy(b.RetentionPolicy)
	}
	route, err := seam.Of(c.WithPrecision(b.Precision)).Route(false, true)
	switch {
	case err != nil:
		return Outcome{Unsent: b.count()}, err
	case route.Unit != b.Precision:
		return Outcome{Unsent: b.count()}, &fastclient.OptionError{Field: "Options.API", Reason: "cannot send lines in the precision " + b.Precision.String() + " as they are"}
	}
	return sendSealed(ctx, &route, b)
}

// fault says why b cannot be a sealed batch, or returns "".
func (b *Sealed) fault() string {
	switch {
	case b == nil:
		return "there is none"
	case b.Lines < 1 || b.Bytes/minLineBytes < b.Lines:
		return "number of lines out of range"
	case b.Bytes > 2*maxBatchBytes || len(b.Body) > compressedSize(b.Bytes):
		return "larger than servers accept"
	case len(b.Body) == 0 || b.Encoding == "" && len(b.Body) != b.Bytes:
		return "size of the body is not that of the lines"
	case b.Encoding != "" && b.Encoding != "gzip" && b.Encoding != "zstd":
		return "unknown encoding"
	case !b.Precision.Valid():
		return "unknown precision"
	}
	return ""
}

// minLineBytes is the size of the shortest line, "m f=1" and a line feed.
const minLineBytes = 6

func (b *Sealed) count() Count { return Count{uint64(b.Lines), uint64(b.Bytes)} }

// A delivery is one call of Send.
type delivery struct {
	*Sealed
	route   *seam.Route
	target  seam.Target
	sender  seam.Sender
	out     Outcome
	breaker backoff.Breaker
	failure error // of the last request, if it failed
	plain   bool  // the server accepts no content encoding
	spent   int   // requests made to find bad lines

	lines  []byte  // unpacked; nil: not yet
	starts []int32 // where each line begins, and where the last one ends
	parts  []sealedPart

	raw          []byte // lines of the part under way
	some, packed []byte // memory for some of the lines, and for them compressed
	body         seam.Body
	response     seam.Response
	plan         verdict.Plan
}

// A sealedPart is some of the lines.
type sealedPart struct {
	numbers []int32 // from 0; nil: all lines
	tries   int
}

// sendSealed sends b by route.
func sendSealed(ctx context.Context, route *seam.Route, b *Sealed) (Outcome, error) {
	d := &delivery{Sealed: b, route: route, target: route.Targets[0], parts: []sealedPart{{}}}
	d.sender = d.target.NewSender(nil)
	if b.Encoding == "zstd" && (route.Compressor == nil || route.Compressor.Encoding() != b.Encoding) {
		// A server that ignores the encoding would take the bytes for lines.
		if err := d.unpack(); err != nil {
			d.out.Rejected = b.count()
			return d.out, err
		}
		d.parts[0] = d.whole()
	}
	for len(d.parts) > 0 {
		if err := d.wait(ctx); err != nil {
			return d.stop(err)
		}
		last := len(d.parts) - 1
		p := d.parts[last]
		d.parts = d.parts[:last]
		if err := d.send(ctx, p); err != nil {
			return d.out, err
		}
		if errors.Is(d.response.Err, fastclient.ErrClosed) {
			return d.stop(nil)
		}
	}
	slices.SortFunc(d.out.Lost, func(a, b LostLines) int { return cmp.Compare(a.Line, b.Line) })
	return d.out, nil
}

// wait waits for the time of the next request.
func (d *delivery) wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.breaker.Failures == 0 || backoff.Pause(ctx, time.Until(d.breaker.Until)) {
		return nil
	}
	return cmp.Or(ctx.Err(), context.DeadlineExceeded) // the deadline comes before that time
}

// stop makes the parts that wait unsent.
func (d *delivery) stop(cause error) (Outcome, error) {
	if len(d.parts) == 1 && d.parts[0].numbers == nil {
		d.out.Unsent = d.count()
	} else {
		for _, p := range d.parts {
			d.lose(p.numbers, ReasonUnsent, "")
		}
	}
	slices.SortFunc(d.out.Lost, func(a, b LostLines) int { return cmp.Compare(a.Line, b.Line) })
	return d.out, &unsentLines{d.out.Unsent.Lines, cause, d.failure}
}

// whole returns all lines as a part with numbers.
func (d *delivery) whole() sealedPart {
	numbers := make([]int32, d.Lines)
	for i := range numbers {
		numbers[i] = int32(i)
	}
	return sealedPart{numbers: numbers}
}

// send makes one request for p and does what the response means. The error is ErrNotSealed.
func (d *delivery) send(ctx context.Context, p sealedPart) error {
	d.makeBody(p)
	r := &d.response
	r.Reset(d.route.API)
	limit := requestTimeout(sealedTimeout, len(d.body.Data))
	d.body.Until = time.Now().Add(limit)
	if end, ok := ctx.Deadline(); ok && end.Before(d.body.Until) {
		d.body.Until = end
	}
	epoch := d.breaker.Epoch
	attempt, cancel := context.WithTimeoutCause(ctx, limit, errNoResponse)
	d.sender.Send(attempt, &d.body, r)
	verdict.Merge(r)
	if r.Err != nil && ctx.Err() == nil && context.Cause(attempt) == errNoResponse {
		r.Err, r.Failure = errNoResponse, errNoResponse
	}
	cancel()
	d.failure = r.Failure

	within := d.spent < isolationRequests
	limits := verdict.Limits{Search: within, Within: within, Precision: d.Precision, Tries: p.tries + 1, Plain: d.body.Encoding == ""}
	action := verdict.Judge(r)
	switch action {
	case verdict.ActAck:
		d.breaker.Responded(epoch)
		if p.numbers == nil {
			d.out.Acked = d.count()
			return nil
		}
	case verdict.ActUnreadable:
		p.tries++
	case verdict.ActDowngrade:
		limits.Downgrade = d.target.Downgrade(r.API)
	}
	if p.numbers == nil && d.needLines(action) {
		if err := d.unpack(); err != nil {
			d.broken(action)
			return err
		}
		p.numbers = d.whole().numbers
		d.makeRaw(p.numbers)
	}
	if p.numbers == nil { // it waits as it is
		d.breaker.Failed(epoch, time.Now(), r.RetryAfter, rand.Int64N)
		d.parts = append(d.parts, p)
		return nil
	}
	verdict.Decide(&d.plan, d.raw, len(p.numbers), r, limits)
	if d.plan.Wait {
		d.breaker.Failed(epoch, time.Now(), r.RetryAfter, rand.Int64N)
	} else {
		d.breaker.Responded(epoch)
	}
	switch action {
	case verdict.ActRefused:
		d.spent += d.plan.Requests()
	case verdict.ActPlain:
		d.plain = true
	}
	d.apply(p)
	return nil
}

// sealedTimeout bounds one request, like the default of Options.RequestTimeout.
const sealedTimeout = 30 * time.Second

var errNoResponse = errors.New("batch: no response within 30 s and 1 s for every 100 KiB")

// needLines reports whether the lines must be known after the first response. The Writers of
// 1.x say so if a body is damaged, and then it is looked at.
func (d *delivery) needLines(action verdict.Action) bool {
	r := &d.response
	switch action {
	case verdict.ActRetry, verdict.ActMissing:
		return false
	case verdict.ActKeep:
		return d.lines == nil && complaint.Read(r.Message).Kind == complaint.Body
	}
	return true
}

// broken settles a batch that cannot be unpacked.
func (d *delivery) broken(action verdict.Action) {
	switch action {
	case verdict.ActRefused, verdict.ActUnreadable:
		if complaint.Read(d.response.Message).Kind != complaint.Body {
			d.out.Uncertain = d.count()
			return
		}
	}
	d.out.Rejected = d.count()
}

// makeBody makes the body of p.
func (d *delivery) makeBody(p sealedPart) {
	if p.numbers == nil || len(p.numbers) == d.Lines && d.Encoding == "gzip" && !d.plain {
		d.body = seam.Body{Data: d.Body, Encoding: d.Encoding, Raw: d.Bytes}
		if p.numbers != nil {
			d.makeRaw(p.numbers)
		}
		return
	}
	d.makeRaw(p.numbers)
	d.body = seam.Body{Data: d.raw, Raw: len(d.raw)}
	if c := d.route.Compressor; c != nil && !d.plain && len(d.raw) >= d.route.MinCompress {
		if d.packed = c.Append(d.packed[:0], d.raw); len(d.packed) < len(d.raw) {
			d.body.Data, d.body.Encoding = d.packed, c.Encoding()
		}
	}
}

// makeRaw puts the lines of those numbers into d.raw.
func (d *delivery) makeRaw(numbers []int32) {
	if len(numbers) == d.Lines {
		d.raw = d.lines[:len(d.lines):len(d.lines)]
		return
	}
	d.some = d.some[:0]
	for from, to := range consecutive(numbers) {
		d.some = append(d.some, d.lines[d.starts[from]:d.starts[to]]...)
	}
	d.raw = d.some
}

// consecutive calls yield for each run of consecutive numbers with its first and the one behind its
// last.
func consecutive(numbers []int32) iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		for i := 0; i < len(numbers); {
			j := i + 1
			for j < len(numbers) && numbers[j] == numbers[j-1]+1 {
				j++
			}
			if !yield(int(numbers[i]), int(numbers[j-1])+1) {
				return
			}
			i = j
		}
	}
}

// apply does what the plan says with p.
func (d *delivery) apply(p sealedPart) {
	var first, second []int32
	at := 0
	for i := range d.plan.Spans {
		span := &d.plan.Spans[i]
		numbers := p.numbers[at : at+span.Lines : at+span.Lines]
		at += span.Lines
		switch {
		case span.Outcome == verdict.Acked:
			d.out.Acked.add(span.Lines, span.To-span.From)
		case span.Outcome != verdict.Again:
			d.lose(numbers, Reason(span.Reason), d.response.Shown(span.Message))
		case !d.plan.Gather:
			d.parts = append(d.parts, sealedPart{numbers, p.tries})
		case span.Second:
			second = append(second, numbers...)
		default:
			first = append(first, numbers...)
		}
	}
	for _, numbers := range [][]int32{second, first} {
		if len(numbers) > 0 {
			d.parts = append(d.parts, sealedPart{numbers: numbers})
		}
	}
}

// lose counts lines that are not acked and adds them to Lost.
func (d *delivery) lose(numbers []int32, reason Reason, message string) {
	for from, to := range consecutive(numbers) {
		l := LostLines{
			Data: d.lines[d.starts[from]:d.starts[to]:d.starts[to]], Lines: to - from, NotStored: to - from,
			Reason: reason, Message: message, Time: time.Now(), Line: from + 1,
		}
		account := &d.out.Rejected
		switch reason {
		case ReasonUnsent:
			account, l.NotStored = &d.out.Unsent, 0
		case ReasonUncertain:
			account, l.NotStored = &d.out.Uncertain, 0
		}
		if reason != ReasonUnsent {
			l.Status = d.response.Status
		}
		account.add(l.Lines, len(l.Data))
		d.out.Lost = append(d.out.Lost, l)
	}
}

// unpack decompresses the body and finds its lines.
func (d *delivery) unpack() error {
	lines, err := d.decompress()
	if err != nil {
		return &notSealed{"the body cannot be decompressed"}
	}
	if len(lines) != d.Bytes || lines[len(lines)-1] != '\n' {
		return &notSealed{"size of the lines is not as its fields say"}
	}
	starts := make([]int32, 0, d.Lines+1)
	var scan line.Scanner
	scan.SetOptions(points.ScanOptions(d.Precision, false))
	scan.SetCheck(true)
	scan.Reset(lines)
	end := 0
	for scan.Next() {
		if scan.Fault.Rule != 0 || int(scan.Offset()) != end || len(starts) == d.Lines {
			return &notSealed{"lines that no writer makes, or more than its fields say"}
		}
		starts = append(starts, int32(end))
		end = int(scan.End())
	}
	if len(starts) != d.Lines || end != len(lines) {
		return &notSealed{"number of lines is not as its fields say"}
	}
	d.lines, d.starts = lines, append(starts, int32(end))
	return nil
}

// decompress returns the lines in memory of their own.
func (d *delivery) decompress() ([]byte, error) {
	switch d.Encoding {
	case "gzip":
		return inflate.AppendGunzip(make([]byte, 0, min(d.Bytes, len(d.Body)*16)+slack), d.Body, d.Bytes)
	case "zstd":
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		return z.DecodeAll(d.Body, make([]byte, 0, d.Bytes))
	}
	return bytes.Clone(d.Body), nil
}

// unsentLines is the error of Send for lines that are not settled.
type unsentLines struct {
	lines   uint64
	cause   error // of the context; nil: the client is closed
	failure error // of the last request
}

func (e *unsentLines) Error() string {
	b := append(make([]byte, 0, 96), "batch: send: "...)
	b = append(printable.AppendCount(b, e.lines, "line", "lines"), " not sent"...)
	for _, err := range e.Unwrap() {
		b = appendCause(append(b, ": "...), err)
	}
	return string(b)
}

// Unwrap returns the errors of the context and of the server.
func (e *unsentLines) Unwrap() (errs []error) {
	if e.cause != nil {
		errs = append(errs, e.cause)
	}
	if e.failure != nil {
		errs = append(errs, e.failure)
	}
	return errs
}
