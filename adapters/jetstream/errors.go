package pwjetstream

import (
	"strings"
)

// An operationError is an error of NATS with what was tried.
type operationError struct {
	operation, object string
	err               error
}

// failed returns the error of an operation.
func failed(operation, object string, err error) error {
	return &operationError{operation, object, err}
}

// Error says what failed, on which object, and why.
func (e *operationError) Error() string {
	return "pwjetstream: " + e.operation + " " + printable(e.object) + ": " + printable(strings.TrimPrefix(e.err.Error(), "nats: "))
}

// Unwrap returns the error of NATS.
func (e *operationError) Unwrap() error { return e.err }

// maxText bounds texts of others in headers, dead letters and errors.
const maxText = 512

// printable returns a text of others on one line, cut if it is long.
func printable(s string) string {
	cut := ""
	if len(s) > maxText {
		s, cut = s[:maxText], "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return '?'
		}
		return r
	}, s) + cut
}
