package transport

import (
	"bufio"
	"bytes"
)

// statusBytes is the length of a status line up to what ends the status.
const statusBytes = len("HTTP/1.1 200 ")

// awaitFinal skips interim answers, of which fasthttp knows 100 alone, and
// refuses a status that is none: fasthttp v1.78.0 takes the status 0 for 200.
// An answer too short for a status it leaves to the parser. interim tells that it
// skipped some.
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
			return interim, ErrMalformed // fasthttp takes every version
		}
		class, tens, ones, end := head[9], head[10], head[11], head[12]
		switch {
		case class < '1' || class > '5' || tens < '0' || tens > '9' || ones < '0' || ones > '9' || end != ' ' && end != '\r':
			return interim, ErrMalformed
		case class > '1' || tens == '0' && ones == '1':
			return interim, nil
		}
		if ended, err := skipHeader(br); !ended {
			return interim, err
		}
	}
}

// skipHeader goes behind the header that br is at, and reports whether it ended
// within the buffer. A line of it that is no header field is ErrMalformed, as
// net/http has it: what stands behind such a line need not be an answer.
func skipHeader(br *bufio.Reader) (ended bool, err error) {
	end := []byte("\r\n\r\n")
	for {
		head, _ := br.Peek(br.Buffered())
		if i := bytes.Index(head, end); i >= 0 {
			if !fieldLines(head[:i]) {
				return false, ErrMalformed
			}
			br.Discard(i + len(end))
			return true, nil
		}
		if _, err := br.Peek(br.Buffered() + 1); err != nil {
			return false, nil
		}
	}
}

// fieldLines reports whether every line of head behind its first is a header
// field. A line folded into the one before it is none (RFC 9112, section 5.2).
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
