package fast

import (
	"bufio"
	"bytes"

	"github.com/pointwire/pointwire/internal/transport"
)

// This file works on the buffered header before or after fasthttp parses it, where
// fasthttp would misread or reject a response that InfluxDB or a proxy may send.

// statusBytes is the length of a status line up to the byte after the status.
const statusBytes = len("HTTP/1.1 200 ")

// awaitFinal skips interim responses and reports whether there were any: fasthttp skips
// only status 100. It refuses an invalid status, because fasthttp v1.78.0 takes the
// status 0 for 200, and every version but HTTP/1.0 and 1.1. A response too short to
// hold a status is left to the parser.
func awaitFinal(br *bufio.Reader) (interim bool, err error) {
	for ; ; interim = true {
		head, err := br.Peek(statusBytes)
		switch {
		case err != nil:
			return interim, nil
		case head[0] == '\r' || head[0] == '\n':
			br.Discard(1)
			continue
		case !bytes.HasPrefix(head, []byte("HTTP/1.1 ")) && !bytes.HasPrefix(head, []byte("HTTP/1.0 ")):
			return interim, transport.ErrMalformed // fasthttp accepts every version
		}
		class, tens, ones, end := head[9], head[10], head[11], head[12]
		switch {
		case class < '1' || class > '5' || tens < '0' || tens > '9' || ones < '0' || ones > '9' || end != ' ' && end != '\r':
			return interim, transport.ErrMalformed
		case class > '1' || tens == '0' && ones == '1':
			return interim, nil
		}
		if ended, err := skipHeader(br); !ended {
			return interim, err
		}
	}
}

// skipHeader skips the header at the beginning of br, and reports whether the header
// ended within the buffer. Like net/http, it returns ErrMalformed for a line that is not
// a header field: what follows such a line need not be a response.
func skipHeader(br *bufio.Reader) (ended bool, err error) {
	end := []byte("\r\n\r\n")
	for {
		head, _ := br.Peek(br.Buffered())
		if i := bytes.Index(head, end); i >= 0 {
			if !fieldLines(head[:i]) {
				return false, transport.ErrMalformed
			}
			br.Discard(i + len(end))
			return true, nil
		}
		if _, err := br.Peek(br.Buffered() + 1); err != nil {
			return false, nil
		}
	}
}

// fieldLines reports whether every line of head after the first is a header field. A
// line folded into the one before it is not (RFC 9112, section 5.2).
func fieldLines(head []byte) bool {
	_, fields, found := bytes.Cut(head, []byte("\n"))
	for found {
		var line []byte
		line, fields, found = bytes.Cut(fields, []byte("\n"))
		if bytes.IndexByte(line, ':') < 1 || line[0] == ' ' || line[0] == '\t' {
			return false
		}
	}
	return true
}

// cleanHeader replaces the bytes that no header may hold by spaces, in the header at the
// beginning of br. It reports whether there were any.
//
// InfluxDB 1.x copies a line that it could not parse into the header X-Influxdb-Error
// as it is (1.6.7, 1.8.10). The rest of the response is sound, and it is needed: without
// it, a line that will never be accepted would look like a failed connection.
func cleanHeader(br *bufio.Reader) bool {
	p, _ := br.Peek(br.Buffered()) // cannot fail, and returns the reader's own buffer
	if !bytes.HasPrefix(p, []byte("HTTP/1.")) {
		return false // the header was read already, so the body is at fault
	}
	found := false
	for i, b := range p[:headerLen(p)] {
		if b < ' ' && b != '\t' && b != '\r' && b != '\n' || b == 0x7f {
			p[i] = ' '
			found = true
		}
	}
	return found
}

// headerLen returns the length of the header at the beginning of p, without the empty
// line that ends it, or len(p) if no empty line does. fasthttp accepts lines that end in
// LF alone, so an empty line of that kind ends the header too.
func headerLen(p []byte) int {
	for i := 0; ; {
		n := bytes.IndexByte(p[i:], '\n')
		if n < 0 {
			return len(p)
		}
		i += n + 1
		if bytes.HasPrefix(p[i:], []byte("\n")) || bytes.HasPrefix(p[i:], []byte("\r\n")) {
			return i
		}
	}
}
