package fastclient

import (
	"context"
	"time"

	"github.com/pointwire/pointwire"
)

// A seamAPI is a version of the write endpoint.
type seamAPI uint8

// The versions.
const (
	apiV1 seamAPI = iota
	apiV2
	apiV3
)

// A seamResponse is what came of one request: a response of the server, or why there is
// none.
type writeReply struct {
	api     seamAPI
	status  int    // 0: there is no response
	message string // all of the server's error text
	empty   bool   // the response is empty or an empty object, of 200 and 202
	foreign bool   // nothing shows that the response came from a database
	// refused lists the lines that the server says it refused, by number.
	refused []refusedLine
	// truncated tells that the response was too long to be read, so that there may be
	// more of them.
	truncated bool
	// mixed tells that several servers had to store the lines and answered
	// differently, so that the message is only one of them.
	mixed      bool
	unreadable bool // there is a response, and it is too large to be read
	retryAfter time.Duration
	err        error // why there is no response
	// failure is the response, or its lack, as an error of the client; nil for success.
	failure error
	// replicas are the failures of several servers that all had to store the lines;
	// nothing else but failure and mixed is set then.
	replicas []writeReply
}

// reset makes r the response of a request that is yet to be sent.
func (r *writeReply) reset(api seamAPI) {
	*r = writeReply{api: api, refused: r.refused[:0], replicas: r.replicas[:0]}
}

// A refusedLine is a line that the server names in its response.
type refusedLine struct {
	number  int // from 1, within the request
	message string
	text    string // the beginning of the line, as far as it is quoted
}

// A wireBatch is what one request carries.
type wireBatch struct {
	data     []byte
	encoding string // content encoding, empty for none
	raw      int    // bytes before compression
}

// A batchSender makes requests to one server, or to a set that acts as one. It belongs
// to one goroutine.
type batchSender interface {
	// send makes one request and fills r. The bytes of b are free when it returns,
	// which it does soon after ctx ends.
	send(ctx context.Context, b *wireBatch, r *writeReply)
}

// An observer is told the outcome of each request to one server of a target, nil for
// success. It is called by several goroutines at once.
type observer func(ctx context.Context, addr string, r *writeReply)

// A target is a server, or a set of servers that acts as one.
type target_ interface {
	newSender(observe observer) batchSender
	// downgrade makes the senders use another write endpoint after a 405 of the one
	// that failed, and reports whether there is one.
	downgrade(failed seamAPI) bool
}

// A compressor compresses bodies.
type compressor interface {
	Append(dst, p []byte) []byte
	Encoding() string
}

// A route is where lines go, and how.
type route_ struct {
	api         seamAPI
	precision   pointwire.Precision // of the lines
	unit        pointwire.Precision // in which they are sent
	compressor  compressor          // nil for none
	minCompress int                 // bodies below are sent as they are
	targets     []target_
}

// A routes is a client as a writer sees it.
type routes interface {
	api() seamAPI
	// route returns where batches go: to each server on its own, or to all of them as
	// the client balances them. stamped tells that every line has a timestamp.
	route(each, stamped bool) (route_, error)
}
