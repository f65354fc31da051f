package fast

import (
	"bufio"
	"bytes"
	"io"

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
	head, err := peekHeader(br)
	if err != nil {
		return false, nil // the parser says why
	}
	if !fieldLines(bytes.TrimRight(head, "\r\n")) {
		return false, transport.ErrMalformed
	}
	br.Discard(len(head))
	return true, nil
}

// peekHeader waits for all of the header that br is at, and returns it with the empty
// line that ends it. It is the reader's own buffer.
func peekHeader(br *bufio.Reader) ([]byte, error) {
	for from := 0; ; {
		p, _ := br.Peek(br.Buffered())
		if end := headerEnd(p, from); end > 0 {
			return p[:end], nil
		}
		from = max(0, len(p)-3) // where an end that is not whole may begin
		if _, err := br.Peek(len(p) + 1); err != nil {
			return nil, err
		}
	}
}

// headerEnd returns the length of the header at the beginning of p with the empty line
// that ends it, 0 if that has not arrived. from is where to look for it. Lines may end
// in LF alone (RFC 9112, section 2.2).
func headerEnd(p []byte, from int) int {
	for i := from; ; {
		n := bytes.IndexByte(p[i:], '\n')
		if n < 0 {
			return 0
		}
		i += n + 1
		switch {
		case i < len(p) && p[i] == '\n':
			return i + 1
		case i+1 < len(p) && p[i] == '\r' && p[i+1] == '\n':
			return i + 2
		}
	}
}

// fieldNames reports whether every line of head, a header with its empty line, after the
// first has a name that is a token. fasthttp and net/http take "Content-Length : 5" for a
// field of another name, and so find another body than the server sent (RFC 9112, section
// 5.1). bare tells that a line ends in LF alone, for which fasthttp waits for more.
func fieldNames(head []byte) (valid, bare bool) {
	for first := true; ; first = false {
		n := bytes.IndexByte(head, '\n')
		bare = bare || n == 0 || head[n-1] != '\r'
		line := head[:n]
		if head = head[n+1:]; len(head) == 0 {
			return true, bare
		}
		if first || line[0] == ' ' || line[0] == '\t' { // what follows of a folded field
			continue
		}
		i := 0
		for i < len(line) && tokenByte[line[i]] {
			i++
		}
		if i == 0 || i == len(line) || line[i] != ':' {
			return false, bare
		}
	}
}

// tokenByte are the bytes of which the name of a field is made (RFC 9110, section 5.6.2).
var tokenByte = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c > 0 && bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), byte(c)) >= 0
	}
	return t
}()

// withCRLF returns a reader of what br gives with a header whose lines all end in CRLF
// in place of head, which br is at.
func withCRLF(br *bufio.Reader, head []byte) *bufio.Reader {
	var fixed []byte
	for line := range bytes.Lines(head) {
		fixed = append(append(fixed, bytes.TrimRight(line, "\r\n")...), '\r', '\n')
	}
	br.Discard(len(head))
	return bufio.NewReaderSize(io.MultiReader(bytes.NewReader(fixed), br), len(fixed)+br.Size())
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
