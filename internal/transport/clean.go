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
	if end := bytes.Index(p, []byte("\r\n\r\n")); end >= 0 {
		p = p[:end]
	}
	found := false
	for i, b := range p {
		if b < ' ' && b != '\t' && b != '\r' && b != '\n' || b == 0x7f {
			p[i] = ' '
			found = true
		}
	}
	return found
}
