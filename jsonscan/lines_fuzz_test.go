package jsonscan

import (
	"bytes"
	"testing"
)

// FuzzJSONL compares a scanner with the plain twin, both ways: the same bodies are accepted,
// every row, cell and series is the same, and so is the way in which the others end.
func FuzzJSONL(f *testing.F) {
	for _, b := range goodLines {
		f.Add([]byte(b.body))
	}
	for _, b := range badLines {
		f.Add([]byte(b.body))
	}
	for _, b := range goldenLines(f) {
		f.Add(b.body[:min(len(b.body), 2000)])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 4<<10 {
			return
		}
		requireLines(t, body, []int{64, 65 + len(body)%60, 64 << 10})
		// Again through one scanner, which keeps what it learnt.
		s := linesScanner(bytes.NewReader(body), 64<<10)
		s.AllowInvalidUTF8 = true
		want, wantEnd, _ := traceLines(s)
		for range 2 {
			s.Reset(bytes.NewReader(body))
			if got, end, err := traceLines(s); got != want || end != wantEnd {
				t.Fatalf("%q again: %s (%v)\n%s\nwant: %s\n%s", body, end, err, got, wantEnd, want)
			}
		}
	})
}
