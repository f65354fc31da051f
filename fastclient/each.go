package fastclient

import (
	"context"
	"iter"
	"sync"

	"github.com/pointwire/pointwire/jsonscan"
)

// This file asks all servers of a client the same query. Each server has a goroutine, which
// waits for the beginning of its response; the caller reads one response after the other.
//
// Invariants: a goroutine ends with its response or with the loop. Every response is closed
// when the loop has left it, and those that the loop does not reach when it ends.

// A ServerResult is the response of one server to a query of [Client.Each].
type ServerResult struct {
	Addr string // of the server, as in [EndpointStats]
	*Result
}

// Each sends q to every server of the client at once, whatever its [Balance], and iterates
// over their responses, the first that begins first. It is for servers that do not share
// their data: each has rows of its own, and what they are together is for the caller to say.
// A sum of sums is right; a mean of means, a distinct or a limit is not.
//
// A server that fails does not stop the others. Its pair has the error, which is that of
// [Client.Query], and a result whose Rows yields it, wrapped, so that a loop which ignores the
// error meets it there. A server that is down is asked for a probe first. Errors within a
// response come from Rows. Every server has one pair: if the loop does not see an error, its
// rows are those of all servers.
//
// A result is valid until the next one is asked for, and closed then. Servers that respond
// earlier wait for the loop with their rows, so memory does not grow with the responses.
// [MaxBytes] and [Whole] bound each response on its own. ctx covers the reading, too. The
// servers are those of the moment of the call: with a [Subset] those that this client uses.
func (c *Client) Each(ctx context.Context, q string, opts ...QueryOption) iter.Seq2[ServerResult, error] {
	return func(yield func(ServerResult, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var asking sync.WaitGroup
		servers := c.servers()
		// Room for all: nobody waits for a loop that has ended.
		responses := make(chan serverResponse, len(servers))
		defer func() {
			cancel()
			asking.Wait()
			close(responses)
			for r := range responses {
				r.Close()
			}
		}()
		for _, e := range servers {
			asking.Go(func() {
				result, err := c.queryAt(ctx, e, q, opts)
				if err != nil {
					result = failedResult(err)
				}
				responses <- serverResponse{ServerResult{e.name, result}, err}
			})
		}
		for range servers {
			r := <-responses
			if !r.yield(yield) {
				return
			}
		}
	}
}

// A serverResponse is a pair of Each.
type serverResponse struct {
	ServerResult
	err error
}

// yield passes the pair to the loop, and closes the result.
func (r serverResponse) yield(yield func(ServerResult, error) bool) bool {
	defer r.Close()
	return yield(r.ServerResult, r.err)
}

// queryAt is Query at one server.
func (c *Client) queryAt(ctx context.Context, e *endpoint, q string, opts []QueryOption) (*Result, error) {
	qc := c.newQueryCall(opts)
	qc.server = e
	resp, err := c.query(ctx, q, qc)
	if err != nil {
		return nil, err
	}
	return c.newResult(resp, qc)
}

// failedResult returns a result that consists of err.
func failedResult(err error) *Result {
	r := &Result{body: &responseBody{failure: err, done: true}}
	r.s = jsonscan.NewScanner(r.body)
	return r
}
