package fastclient

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/internal/transport"
)

// An answerBody is the body of an answer: unpacked, bounded, and with the
// errors of this package.
type answerBody struct {
	resp  *transport.Response
	src   io.Reader
	left  int64     // bytes that may still be read, -1 without a bound
	close io.Closer // of the unpacking, nil without
	mu    sync.Mutex
	done  bool
}

// openBody returns the body of a successful answer to a query.
func openBody(resp *transport.Response, qc *queryCall) (*answerBody, error) {
	b := &answerBody{resp: resp, left: -1, src: resp.Stream}
	if qc.maxBytes > 0 {
		b.left = qc.maxBytes
	}
	if b.src == nil {
		b.src = strings.NewReader("")
		return b, nil
	}
	switch encoding := strings.ToLower(resp.Header("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		if qc.pipelined {
			p := compress.NewPipeline(b.src)
			b.src, b.close = p, p
			return b, nil
		}
		z := compress.NewReader(b.src)
		b.src, b.close = z, z
	default:
		resp.Close()
		return nil, &ServerError{Op: "query", Status: resp.Status, Message: "answer in an encoding that was not asked for"}
	}
	return b, nil
}

// Read reads unpacked bytes.
func (b *answerBody) Read(p []byte) (int, error) {
	if b.left >= 0 && int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.src.Read(p)
	if b.left >= 0 {
		if int64(n) > b.left {
			n, b.left = int(b.left), 0
			return n, b.fail(ErrResponseTooLarge)
		}
		b.left -= int64(n)
	}
	if err != nil && err != io.EOF {
		err = b.fail(err)
	}
	return n, err
}

// fail makes err one of this package's. What gzip finds wrong is the answer's
// fault, and an early end is told from a false sum.
func (b *answerBody) fail(err error) error {
	var t *transport.Error
	if errors.As(err, &t) {
		return transportError("query", err)
	}
	switch {
	case errors.Is(err, compress.ErrClosed):
		err = ErrResultClosed
	case errors.Is(err, ErrResultClosed), errors.Is(err, context.Canceled):
	case errors.Is(err, ErrResponseTooLarge):
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = ErrTruncated
	default:
		err = ErrMalformedResponse
	}
	return &TransportError{Op: "query", Phase: PhaseBody, Addr: "answer", Reused: b.resp.Reused, Ambiguous: true, Err: err}
}

// Close lets go of the connection. It may be called again, and while a Read is
// under way, which then fails.
func (b *answerBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done {
		return nil
	}
	b.done = true
	err := b.resp.Close() // ends a Read under way, for which the unpacking waits
	if b.close != nil {
		b.close.Close()
	}
	return err
}
