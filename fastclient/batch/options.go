package batch

import (
	"context"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/lp"
)

// Options configure a [Writer] or a [SyncWriter]. The zero value of each field selects its
// default.
type Options struct {
	// BatchBytes seals a batch before its lines exceed this size, 1 MiB by default. It is
	// also the longest line.
	BatchBytes int
	// BatchLines seals a batch with this many lines: 5,000 by default, 10,000 for [V3].
	BatchLines int
	// MaxDelay seals a batch this long after its first line, give or take a tenth: 1 s by
	// default. While no request may be sent, or an older batch waits, the batch continues
	// to fill instead.
	MaxDelay time.Duration
	// MaxMemory bounds the bytes of all lines that the Writer holds: in the open batch,
	// waiting, under way, and compressed. The default is 64 MiB. It is divided into slabs
	// of BatchBytes, which small batches share. Compression at level 1 takes 640 KiB of
	// it for each request under way, but at most a sixteenth of MaxMemory or 640 KiB; if
	// that is too little for all requests, they compress in turn. When servers are added to
	// the client while all memory is in use, what their requests take comes on top until
	// lines are sent.
	MaxMemory int
	// MaxInFlight is the number of requests under way to one server, by default 2, or 1 if
	// MaxMemory does not suffice for 2 to each of many servers. It is so also when servers
	// are added, see [fastclient.Client.SetEndpoints]; with a number of your own, servers
	// for which MaxMemory does not suffice cannot be added.
	MaxInFlight int
	// Overflow says what happens to new lines when MaxMemory is used up.
	Overflow OverflowPolicy
	// Spool says where [Spill] and [WriteAhead] keep batches on disk.
	Spool SpoolOptions
	// Route chooses where each line goes by its tags.
	Route RouteOptions
	// Ordered sends one batch at a time, in the order of sealing: a batch that must be
	// sent again delays those after it.
	Ordered bool
	// MaxAge drops batches that are still unsent after this long. By default they are
	// dropped only when memory runs out. The open batch then continues to fill for at
	// most a tenth of MaxAge.
	MaxAge time.Duration
	// RequestTimeout bounds one request: 30 s by default, and 1 s more for every 100 KiB.
	// A server that runs into a limit of its own, as clusters do after 10 s, then has time
	// to say so, and the lines are not sent twice.
	RequestTimeout time.Duration
	// RetryFor bounds how long a call of a [SyncWriter] tries: 3 minutes by default; if
	// negative, until its context ends. Every call tries at least once, unless the server
	// asked for a longer pause. A [Writer] does not stop trying.
	RetryFor time.Duration

	// Isolate says whether the Writer searches for lines that the server refused without
	// naming them. By default it does.
	Isolate Isolation
	// IsolateRequests is how many more requests one batch may cost for that, 256 by
	// default. Lines that are still unknown then are [ReasonUncertain], or [ReasonRequest]
	// if the server stored none of them.
	IsolateRequests int
	// Sink takes the batches in place of the servers of the client, which only says how they
	// are made: database, precision, compression. NoStamp must not be set, because a Sink may
	// pass a batch on more than once.
	Sink Sink
	// DeadLetter gets the lines that are rejected, uncertain or dropped, with the reason.
	// By default they are only counted.
	DeadLetter DeadLetter

	// NoStamp leaves lines without a timestamp as they are. The server then stamps them
	// on arrival: a line that is sent again is stored twice, and points of one series in
	// one batch replace each other.
	//
	// By default a line without a timestamp gets the time of its append, in the precision
	// of the client. No two lines of a series get the same time from the Writers of one
	// client that have the same database, retention policy or bucket, precision and no
	// Route, at once or one after the other: lines appended within one unit get the
	// following units. Any other writer of the same series, as that of a process that starts
	// again within a minute, knows nothing of it, and its lines may get the same times and
	// replace these: give such lines a timestamp, or a tag by which the writers differ. In
	// milliseconds and coarser units a series may be ahead of the clock by a minute; further
	// lines are refused with [ErrNoTimeLeft]. So a series with more lines than units needs a
	// finer precision.
	NoStamp bool
	// TrimCR treats a carriage return before a line feed of raw lines as part of the line
	// end. Without it such lines are refused.
	TrimCR bool
	// DefaultTags are added to every point that the Writer encodes, unless the point has
	// a tag of the same key.
	DefaultTags []lp.Tag
	// Encoder holds the options by which the Writer encodes points, structs and frames;
	// an [lp.Point] has options of its own. Its Precision is replaced by the client's.
	Encoder lp.Options

	// OnEvent is called for every [Event], by one goroutine of the Writer. If it is too
	// slow, events are lost and counted. It must not call Close.
	OnEvent func(Event)
	// OnMissing is called before the next attempt when the server says that the database,
	// the bucket or the retention policy does not exist. It may create what is missing.
	OnMissing func(ctx context.Context) error
}

// An Isolation says how a [Writer] finds the lines that a server refused without naming
// them.
//
// InfluxDB 2.x names every line that it cannot parse, and stores none of the request; the
// others are sent once more, whatever the Isolation. Version 3 names all bad lines and
// stores the others. 1.x names the lines that it cannot parse, but its response gives only
// one of several causes: lines whose fields had another type before, and lines older than
// the retention policy keeps, hide unparsed lines and each other. Parts of the lines are
// then sent again, until no response leaves anything open. That costs about three requests
// for one cause of a common kind, otherwise two for each halving on the way to a bad line.
//
// Lines without a timestamp, which [Options].NoStamp allows, are not sent again if the
// server may have stored them. They are [ReasonUncertain].
type Isolation uint8

const (
	// IsolateAuto searches within Options.IsolateRequests.
	IsolateAuto Isolation = iota
	// IsolateAll searches until every line is known, with at most two requests for each
	// line.
	IsolateAll
	// IsolateNone does not search. If the server refuses a line without naming it, all
	// lines of the request are [ReasonUncertain].
	IsolateNone
)

// An OverflowPolicy says what happens to lines for which a [Writer] has no memory.
type OverflowPolicy uint8

const (
	// Block waits until there is memory or the context ends.
	Block OverflowPolicy = iota
	// DropNewest refuses the lines with [ErrOverflow].
	DropNewest
	// DropOldest drops as many of the oldest batches as necessary. It passes over batches
	// that share memory with one under way. If no other is left, it refuses the lines with
	// [ErrOverflow].
	DropOldest
	// Spill moves batches to disk when memory runs low, when the oldest line is unsent for
	// 5 s, and on Close. Lines that the server takes within that time never touch the disk.
	// If the disk takes nothing, it is Block.
	Spill
	// WriteAhead writes all lines to disk before it sends them, and an append returns when
	// that is done. It frees memory like Spill.
	WriteAhead
)

// Limits of request bodies in servers: 25,000,000 bytes by default in InfluxDB 1.x, 10
// MiB in 3 Core.
const (
	maxBatchBytes   = 25_000_000
	maxBatchBytesV3 = 10_000_000
	minBatchBytes   = 1 << 10
)

// defaultMemory is the default of Options.MaxMemory.
const defaultMemory = 64 << 20

// isolationRequests is the default of Options.IsolateRequests.
const isolationRequests = 256

// withDefaults checks o and sets its defaults for a server with the given API.
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
	def(&o.MaxMemory, defaultMemory)
	def(&o.MaxInFlight, 2)
	def(&o.IsolateRequests, isolationRequests)
	if o.Ordered {
		o.MaxInFlight = 1
	}
	if o.MaxDelay == 0 {
		o.MaxDelay = time.Second
	}
	if o.RequestTimeout == 0 {
		o.RequestTimeout = 30 * time.Second
	}
	if o.RetryFor == 0 {
		o.RetryFor = 3 * time.Minute
	}
	switch {
	case o.BatchBytes < minBatchBytes || o.BatchBytes > largest:
		return bad("BatchBytes", "is not a size that servers accept")
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
	case o.Sink != nil && o.NoStamp:
		return bad("NoStamp", "is set with a Sink, which may pass a batch on more than once")
	case o.Isolate > IsolateNone:
		return bad("Isolate", "is not a declared Isolation")
	case o.IsolateRequests < 0:
		return bad("IsolateRequests", "is negative")
	case o.Overflow > WriteAhead:
		return bad("Overflow", "is not a declared OverflowPolicy")
	case !o.Encoder.Precision.Valid():
		return bad("Encoder.Precision", "is not a declared Precision")
	}
	if field, reason := o.Spool.check(&o); field != "" {
		return bad(field, reason)
	}
	if field, reason := o.Route.check(api); field != "" {
		return bad(field, reason)
	}
	if o.Ordered {
		o.Spool.Order = OldestFirst
	}
	return o, nil
}
