package transport

import (
	"bufio"
	"bytes"
)

// cleanHeader replaces the bytes that no header may hold, in the header that br
// is about to give, by spaces. It reports whether there were any.
//
// InfluxDB 1.x repeats a line that it could not parse in the header
// X-Influxdb-Error as it is (1.6.7, 1.8.10). The answer is sound but for that,
// and it is what tells a line that will never be accepted from a connection
// that failed.
func cleanHeader(br *bufio.Reader) bool {
	p, _ := br.Peek(br.Buffered()) // cannot fail, and is the reader's own buffer
	if !bytes.HasPrefix(p, []byte("HTTP/1.")) {
		return false // the header has been read, the body is at fault
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

// headerLen returns the length of the header at the beginning of p without the
// empty line that ends it, or that of p where there is none. fasthttp takes lines
// that end in LF alone, so what stands behind such an empty line is body.
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
