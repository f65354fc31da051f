package std

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pointwire/pointwire/internal/transport"
)

// phase returns the phase that the exchange has reached.
func (x *exchange) phase() transport.Phase {
	switch {
	case x.wrote.Load():
		return transport.PhaseHeader
	case x.got.Load():
		return transport.PhaseWrite
	}
	return transport.PhaseDial
}

// net/http and crypto/tls export no error for these failures, so they are recognised by
// their texts in Go 1.26. Go does not promise to keep them: TestTexts provokes each
// failure and reports a Go version whose text differs.
const (
	saysHeaderLimit = "server response headers exceeded"
	saysTLSTimeout  = "TLS handshake timeout"
	saysStreamError = "stream error: " // begins the text of a failed stream of HTTP/2
	saysTLS         = "tls: "          // is in the text of every handshake error
	saysClosedIdle  = "server closed idle connection"
	saysTrailer     = "unexpected EOF reading trailer"
	saysLongTrailer = "suspiciously long trailer" // also of a trailer that was cut short
)

// saysFraming are what net/http says of chunks that are none.
var saysFraming = [...]string{
	"invalid byte in chunk length", "malformed chunked encoding", "http chunk length too large",
	"empty hex number for chunk length", "chunked encoding contains too much non-data", "header line too long",
}

func (x *exchange) failed(phase transport.Phase, err error) *transport.Error {
	if x.caller.Err() != nil {
		x.t.n.Cancels.Add(1)
	}
	if x.ctx != nil && x.ctx.Err() != nil {
		err = context.Cause(x.ctx)
	}
	var known *transport.Error
	var whole *url.Error
	if errors.As(err, &known) {
		phase, err = known.Phase, known.Err
	} else if errors.As(err, &whole) {
		err = whole.Err // without the URL, which may hold a password or a statement
	}
	if t := x.secure.Load(); t != nil && errors.Is(err, net.ErrClosed) {
		// net/http closed the connection for an error that it keeps to itself: an alert
		// which came before it had sent the request. The connection still has it.
		if _, e := t.Read(make([]byte, 1)); transport.HandshakeRefused(e) {
			err = e
		}
	}
	switch text := err.Error(); {
	case strings.Contains(text, saysHeaderLimit):
		err = transport.ErrResponseTooLarge
	case strings.Contains(text, saysTLSTimeout):
		phase, err = transport.PhaseTLS, transport.ErrTimeout
	case strings.HasPrefix(text, saysStreamError) && phase == transport.PhaseBody:
		err = transport.ErrTruncated
	case strings.HasPrefix(text, saysStreamError) && phase == transport.PhaseHeader:
		err = transport.ErrNoResponse
	case phase == transport.PhaseHeader && x.first.Load() && x.cut.Load() && !transport.IsTimeout(err):
		// net/http parses the last line, though it was cut short, and calls it malformed.
		err = transport.ErrTruncated
	case phase == transport.PhaseHeader && x.first.Load() && !transport.IsTimeout(err) && !errors.Is(err, io.ErrUnexpectedEOF):
		err = transport.ErrMalformed
	case phase == transport.PhaseBody && (strings.Contains(text, saysTrailer) || strings.Contains(text, saysLongTrailer) && x.cut.Load()):
		err = transport.ErrTruncated
	case phase == transport.PhaseBody && strings.Contains(text, saysLongTrailer):
		err = transport.ErrMalformed
	case phase == transport.PhaseBody && slices.ContainsFunc(saysFraming[:], func(s string) bool { return strings.Contains(text, s) }):
		err = transport.ErrMalformed
	case phase == transport.PhaseDial && (strings.Contains(text, saysTLS) || errors.Is(err, http.ErrSchemeMismatch)):
		phase = transport.PhaseTLS
	case phase == transport.PhaseHeader && (errors.Is(err, io.EOF) || strings.Contains(text, saysClosedIdle)):
		err = transport.ErrNoResponse
	}
	sent, reused := x.written.Load(), x.reused.Load()
	return &transport.Error{
		Phase: phase, Addr: x.t.o.Addr, Reused: reused, Written: sent,
		Ambiguous: (phase >= transport.PhaseHeader || sent > 0) && (reused || !transport.HandshakeRefused(err)),
		Err:       transport.Cause(x.caller, x.t.ctx.Err() != nil, err),
	}
}
