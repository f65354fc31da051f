package batch

import (
	"context"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/lp"
)

// Options configure a [Writer] or a [SyncWriter]. The zero value of every
// field is its default.
type Options struct {
	// BatchBytes seals a batch before it grows beyond so many bytes of lines,
	// 1 MiB by default. It is the longest line, too.
	BatchBytes int
	// BatchLines seals a batch with so many lines: 5,000 by default, 10,000 for
	// [V3].
	BatchLines int
	// MaxDelay seals a batch that long after its first line, give or take a
	// tenth: 1 s by default. While nothing may be sent, or something older waits,
	// a batch goes on to fill instead.
	MaxDelay time.Duration
	// MaxMemory bounds the bytes of all lines the Writer holds: being filled,
	// waiting, on the way, and compressed. It is divided into slabs of BatchBytes,
	// which batches that are sealed smaller share. Compression at level 1 takes
	// 640 KiB of it for each request under way, up to a sixteenth of MaxMemory, but
	// for one at least: then requests wait for each other's compression. The default
	// is 64 MiB.
	MaxMemory int
	// MaxInFlight is the number of requests under way to one server, 2 by
	// default.
	MaxInFlight int
	// Overflow says what happens to lines when MaxMemory is used up.
	Overflow OverflowPolicy
	// Ordered sends one batch at a time in the order of sealing: a batch that
	// has to be sent again holds up those behind it.
	Ordered bool
	// MaxAge drops batches that could not be sent for so long. By default only
	// the want of memory ends the life of a batch. A batch then goes on to fill
	// for a tenth of MaxAge at most.
	MaxAge time.Duration
	// RequestTimeout bounds one request, lengthened by 1 s for every 100 KiB:
	// 10 s by default.
	RequestTimeout time.Duration
	// RetryFor bounds how long a call of a [SyncWriter] tries: 3 minutes by
	// default, no limit but the context's if negative. Every call tries once at
	// least, unless the server asked for a longer pause. A [Writer] tries on.
	RetryFor time.Duration

	// Isolate says whether lines are searched for that the server refused without
	// naming them. By default they are.
	Isolate Isolation
	// IsolateRequests is how many more requests one batch may cost for that, 256 by
	// default. What is not known then is [ReasonUncertain], or [ReasonRequest] where the
	// server stored nothing.
	IsolateRequests int
	// DeadLetter gets the lines that will not be stored, or may not be, with the
	// reason. By default they are only counted.
	DeadLetter DeadLetter

	// NoStamp leaves lines without a timestamp as they are. The server stamps
	// them when they arrive: what is sent again then is stored twice, and points
	// of one series in one batch replace each other. By default a line without a
	// timestamp gets the time of the append, in the precision of the client, and no two
	// lines of one series get the same time: those appended within one unit get the units
	// after it. In milliseconds and coarser units a series may be ahead of the clock by a
	// minute; lines beyond that are refused with [ErrNoTimeLeft]. So a series that has
	// more lines than one each unit needs a finer precision.
	NoStamp bool
	// TrimCR takes a carriage return before a line feed of raw lines as part of the
	// line end. Without it such lines are refused.
	TrimCR bool
	// Tags are added to every point that the Writer encodes and that has no tag of
	// their keys.
	Tags []lp.Tag
	// Encoder is for what the Writer encodes. Its Precision is replaced by that
	// of the client.
	Encoder lp.Options

	// OnEvent is called for what is worth a look, from one goroutine of the
	// Writer. Events it has no time for are counted and dropped. It must not
	// call Close.
	OnEvent func(Event)
	// OnMissing is called when the server says that the database, the bucket or the
	// retention policy does not exist, before the next attempt; it may create it.
	OnMissing func(ctx context.Context) error
}

// An Isolation says how a [Writer] finds the lines that a server refused without naming
// them.
//
// InfluxDB 2.x names every line that it cannot parse and stores nothing beside them; the
// others are sent once more, whatever the Isolation. Version 3 names all, and stores the
// others. 1.x names the lines that it cannot parse, but of several causes only one: lines
// whose fields have another type than before, or that are older than the retention
// policy keeps, hide these and each other. Then parts of the lines are sent again, until
// each response leaves nothing open. That costs about three requests for one cause of a
// common kind, else two for each halving on the way to a bad line.
//
// Lines without a timestamp, which [Options].NoStamp allows, are not sent again if
// the server may have stored them. They are [ReasonUncertain].
type Isolation uint8

const (
	// IsolateAuto searches within Options.IsolateRequests.
	IsolateAuto Isolation = iota
	// IsolateAll searches until every line is known: two requests for each line at
	// most.
	IsolateAll
	// IsolateNone does not search. Of a request with a refused line that the server
	// does not name, all lines are [ReasonUncertain].
	IsolateNone
)

// An OverflowPolicy says what happens to lines when a [Writer] has no memory
// for them.
type OverflowPolicy uint8

const (
	// Block waits until there is memory or the context ends.
	Block OverflowPolicy = iota
	// DropNewest refuses the lines with [ErrOverflow].
	DropNewest
	// DropOldest drops the oldest batches that share no memory with one under
	// way, as many as make room, and refuses the lines with [ErrOverflow] if there
	// is none.
	DropOldest
)

// Limits of request bodies in servers: 25,000,000 bytes in InfluxDB 1.x by
// default, 10 MiB in 3 Core.
const (
	maxBatchBytes   = 25_000_000
	maxBatchBytesV3 = 10_000_000
	minBatchBytes   = 1 << 10
)

// isolationRequests is how many requests one batch may cost by default for finding bad
// lines.
const isolationRequests = 256

// withDefaults checks o and fills it in for a server of the given API.
func (o Options) withDefaults(api seam.API) (Options, error) {
	bad := func(field, reason string) (Options, error) {
		return o, &fastclient.OptionError{Field: "Options." + field, Reason: reason}
	}
	def := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	lines, largest := 5000, maxBatchBytes
	if api == seam.V3 {
		lines, largest = 10000, maxBatchBytesV3
	}
	def(&o.BatchBytes, 1<<20)
	def(&o.BatchLines, lines)
	def(&o.MaxMemory, 64<<20)
	def(&o.MaxInFlight, 2)
	def(&o.IsolateRequests, isolationRequests)
	if o.Ordered {
		o.MaxInFlight = 1
	}
	if o.MaxDelay == 0 {
		o.MaxDelay = time.Second
	}
	if o.RequestTimeout == 0 {
		o.RequestTimeout = 10 * time.Second
	}
	if o.RetryFor == 0 {
		o.RetryFor = 3 * time.Minute
	}
	switch {
	case o.BatchBytes < minBatchBytes || o.BatchBytes > largest:
		return bad("BatchBytes", "is outside what servers take")
	case o.BatchLines < 1:
		return bad("BatchLines", "is negative")
	case o.MaxDelay < 0:
		return bad("MaxDelay", "is negative")
	case o.MaxInFlight < 1 || o.MaxInFlight > 1024:
		return bad("MaxInFlight", "is not within 1 and 1024")
	case o.MaxAge < 0:
		return bad("MaxAge", "is negative")
	case o.RequestTimeout < 0:
		return bad("RequestTimeout", "is negative")
	case o.Isolate > IsolateNone:
		return bad("Isolate", "is not one of the declared choices")
	case o.IsolateRequests < 0:
		return bad("IsolateRequests", "is negative")
	case o.Overflow > DropOldest:
		return bad("Overflow", "is not one of the declared policies")
	case !o.Encoder.Precision.Valid():
		return bad("Encoder.Precision", "is not one of the declared ones")
	}
	return o, nil
}
