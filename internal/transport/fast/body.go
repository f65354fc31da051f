package fast

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pointwire/pointwire/internal/transport"
)

// A body is the streamed body of a response.
type body struct {
	x      *exchange
	src    io.Reader
	mu     sync.Mutex // held while reading
	closed atomic.Bool
	err    error // of the last Read, sticky
}

// chunksEnd reports whether p begins with all chunks of a body, without trailers.
func chunksEnd(p []byte) bool {
	for {
		size, digits := 0, 0
		for ; digits < len(p) && digits < 6; digits++ {
			v, err := strconv.ParseUint(string(p[digits:digits+1]), 16, 8)
			if err != nil {
				break
			}
			size = size<<4 | int(v)
		}
		if digits == 0 || !bytes.HasPrefix(p[digits:], []byte("\r\n")) {
			return false
		}
		p = p[digits+2:]
		if len(p) < size+2 {
			return false
		}
		if p = p[size:]; !bytes.HasPrefix(p, []byte("\r\n")) {
			return false
		}
		if p = p[2:]; size == 0 {
			return true
		}
	}
}

// Read reads from the body. It gives the connection back as soon as the body ends.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed.Load() {
		return 0, transport.ErrBodyClosed
	}
	if b.err != nil {
		return 0, b.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := b.src.Read(p)
	switch {
	case err == nil:
	case err == io.EOF:
		b.err = io.EOF
		b.end(true)
	case b.closed.Load(): // Close broke the connection to end this Read
		b.err = transport.ErrBodyClosed
		b.end(false)
	default:
		b.err = b.failure(err)
		b.end(false)
	}
	return n, b.err
}

func (b *body) failure(err error) error {
	x := b.x
	if x.ctx.Err() != nil {
		x.t.n.Cancels.Add(1)
	}
	return &transport.Error{
		Phase: transport.PhaseBody, Addr: x.t.o.Addr, Reused: x.reused, Written: x.c.sock.Written,
		Ambiguous: true, Err: transport.Cause(x.ctx, x.t.pool.isClosed(), x.meaning(err)),
	}
}

// end gives the connection back, to be kept if the body was read to its end. b.mu is
// held.
func (b *body) end(complete bool) {
	x := b.x
	if x.c == nil {
		return
	}
	x.c.sock.Progress = 0
	x.resp.CloseBodyStream()
	b.src = nil
	x.finish(complete && !x.resp.ConnectionClose())
}

// Close ends the body and interrupts a Read under way.
func (b *body) Close() error {
	if b.closed.Swap(true) {
		return nil
	}
	if !b.mu.TryLock() {
		b.x.abortBody()
		b.mu.Lock()
	}
	defer b.mu.Unlock()
	if b.x.c != nil {
		b.end(b.drain())
	}
	b.x.Free()
	return nil
}

// abortBody closes the connection under the Read of another goroutine. That Read holds
// the body's lock and gives the connection back.
func (x *exchange) abortBody() {
	if f := x.abort.Load(); f != nil {
		(*f)()
	}
}

// drain reads the little that may be left and reports whether it reached the end.
func (b *body) drain() bool {
	x := b.x
	if b.err != nil {
		return false
	}
	x.c.sock.Progress = 0
	if x.c.SetReadDeadline(time.Now().Add(transport.DrainTime)) != nil {
		return false
	}
	var buf [transport.DrainBytes]byte
	for left := buf[:]; ; {
		n, err := b.src.Read(left)
		if err != nil {
			return err == io.EOF
		}
		if left = left[n:]; len(left) == 0 {
			return false
		}
	}
}

// endCut reports whether what is left in br may be the beginning of the end of a body: a
// part of a line, after the lines of a trailer.
func endCut(br *bufio.Reader) bool {
	p, _ := br.Peek(br.Buffered())
	for {
		line, rest, whole := bytes.Cut(p, []byte("\n"))
		if !whole {
			return true
		}
		if bytes.IndexByte(line, ':') <= 0 {
			return false
		}
		p = rest
	}
}
