// Package seam is what a writer of batches asks of a client: where batches go, and what
// came of a request, as data. Both sides are typed by it, and neither exposes the other's
// parts.
package seam

import (
	"context"
	"time"

	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/fastclient/internal/stamp"
)

// An API is a version of the write endpoint.
type API uint8

// The versions.
const (
	V1 API = iota
	V2
	V3
)

// A Response is the result of one request: a response of the server, or why there is
// none.
type Response struct {
	API     API
	Status  int    // 0: there is no response
	Message string // all of the server's error text, to be shown by Shown alone
	Empty   bool   // the response is empty or an empty object, with status 200 or 202
	Foreign bool   // nothing shows that the response came from a database
	// Refused lists the lines that the server says it refused, by number.
	Refused []RefusedLine
	// Truncated is set if the response was too long to be read, so that the list may be
	// incomplete.
	Truncated bool
	// Mixed is set if several servers had to store the lines and responded differently,
	// so that the message belongs to one of them only.
	Mixed      bool
	Unreadable bool // there is a response, and it is too large to be read
	// Listed is set if Refused names every line that is refused, and the others are stored.
	Listed     bool
	RetryAfter time.Duration
	Err        error                    // why there is no response
	Hide       func(text string) string // takes secrets out of what the server said; nil: it has none
	// Failure is the response, or its absence, as an error of the client; nil for
	// success.
	Failure error
	// Replicas are the failures of several servers that all had to store the lines. Only
	// Failure and Mixed are set beside it.
	Replicas []Response
}

// Reset prepares r for a request that is yet to be sent.
func (r *Response) Reset(api API) {
	*r = Response{API: api, Refused: r.Refused[:0], Replicas: r.Replicas[:0]}
}

// Shown returns a text of the server as it may be shown: without the secrets of the client.
func (r *Response) Shown(text string) string {
	if r.Hide == nil {
		return text
	}
	return r.Hide(text)
}

// A RefusedLine is a line that the server names in its response.
type RefusedLine struct {
	Number  int // from 1, within the request
	Message string
	Text    string // the beginning of the line, as far as it is quoted
}

// A Body is what one request carries.
type Body struct {
	Data     []byte
	Encoding string    // content encoding, empty for none
	Raw      int       // bytes before compression
	Until    time.Time // the time of the request is over then; zero: it has no limit
	Place    *Place    // nil: the client's

	Lines  []byte    // Data before compression
	Count  int       // number of lines
	Opened time.Time // when their batch got its first line
}

// A Place is where lines go: a database, a retention policy, a bucket.
type Place struct {
	Database, RetentionPolicy, Bucket string
	Lasting                           string    // path and query without credentials, as in Route.Path
	Paths                             [3][]byte // path and query of a request, by API; nil: there is none
}

// A Sender makes requests to one server, or to a set that acts as one. It belongs
// to one goroutine.
type Sender interface {
	// Send makes one request and sets r. It returns soon after ctx ends; the bytes of b
	// are free then.
	Send(ctx context.Context, b *Body, r *Response)
}

// An Observer is called with the outcome of each request to one server of a target, nil
// for success, by several goroutines at once.
type Observer func(ctx context.Context, addr string, r *Response)

// A Target is a server, or a set of servers that acts as one.
type Target interface {
	NewSender(observe Observer) Sender
	// Downgrade makes the senders use another write endpoint after the failed one
	// returned 405, and reports whether there is one.
	Downgrade(failed API) bool
}

// A Compressor compresses bodies.
type Compressor interface {
	Append(dst, p []byte) []byte
	Encoding() string
}

// A Route says where lines go, and in which form.
type Route struct {
	API         API
	Precision   pointwire.Precision // of the lines
	Unit        pointwire.Precision // in which they are sent
	Compressor  Compressor          // nil for none
	MinCompress int                 // bodies below are sent as they are
	Path        string              // path and query of the requests, without credentials
	Stamps      *stamp.Clocks       // times for lines without one, by Path
	Database    string              // where the lines go: a database and its policy, or a bucket
	Policy      string
	Targets     []Target
	Addrs       []string // of the targets, if each is one server
	IDs         []uint64 // of all servers; one that was removed and added again has another
	Names       []string // of all servers
	// Place returns where lines go that name a database, a retention policy or a bucket. What
	// they do not name is the client's.
	Place func(db, rp, bucket string) (*Place, error)
	// PlaceOf returns the place whose Lasting path is given; nil: the client makes no such path.
	PlaceOf func(lasting string) *Place
}

// A Follower is a writer that follows the servers of a client. Its functions are called one
// at a time.
type Follower interface {
	// Check returns why the writer cannot follow to the servers of r. It changes nothing.
	Check(r Route) error
	// Change makes the writer use the targets of r, for which Check has returned nil. A
	// target of one server that the writer has already, by its id, is that one.
	Change(r Route)
}

// A Client is a client as a writer sees it.
type Client interface {
	API() API
	// Route returns the targets of batches: each server on its own, or all of them as the
	// client balances them. stamped says that every line has a timestamp.
	Route(each, stamped bool) (Route, error)
	// Servers returns each server as a target, however the client balances them.
	Servers(stamped bool) (Route, error)
	// Follow has f asked and told of every change of the servers, with a route as Route
	// returns it, until stop is called. ids are those of the route that the writer was made
	// from; if they have changed since, f is asked and told at once. Neither Follow nor
	// stop may be called with a lock held that f needs.
	Follow(each, stamped bool, ids []uint64, f Follower) (stop func(), err error)
}

// open is the function that Register was given.
var open any

// Register is called once, by the package of clients of type C as it is initialized.
func Register[C any](f func(C) Client) { open = f }

// Of returns what a writer sees of a client. C is the type that was registered: whoever
// has a value of it has imported its package.
func Of[C any](client C) Client { return open.(func(C) Client)(client) }
