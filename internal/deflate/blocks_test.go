package deflate

import "testing"

// TestSharedBlock checks that chunks which are written with the same code are one block: each
// adds the bits of its symbols, and no others.
func TestSharedBlock(t *testing.T) {
	var body []byte
	for _, s := range samples(t, 2000) {
		if s.name == "trade" {
			body = s.body
		}
	}
	e, shared := new(Encoder), 0
	for range 2 {
		e.last, e.out = 0, blocks{}
		for start := 0; start < len(body); start += chunkSize {
			end := min(start+chunkSize, len(body))
			n := e.matchLines(body, start, end)
			before, code := e.out, e.code[1]
			e.block(body, start, end, e.seq[:n])
			if start == 0 || before.open == nil || e.code[1].age == 0 {
				continue // the first chunk has a code of its own, and age 0 means a new code
			}
			alone := blocks{}
			alone.grow(end - start)
			cost, ok := alone.try(&code, &task{body: body, start: start, end: end, seq: e.seq[:n], limit: end - start}, false)
			if got := e.out.since(&before.stream); !ok || before.open == &e.code[1] && got != cost {
				t.Errorf("the chunk at %d takes %d bits, its symbols %d", start, got, cost)
			}
			shared++
		}
		e.base += uint16(len(body))
		e.out.end()
	}
	if shared < 5 {
		t.Errorf("only %d chunks share a block", shared)
	}
}

// TestCandidate compares candidate with its twin, which branches.
func TestCandidate(t *testing.T) {
	for _, p := range []int{0, 1, 7, window - 1, window, window + 1, 65535, 65536, 1 << 20} {
		for d := range 1 << 16 {
			want := p + 1
			if d > 0 && d <= p && d <= window {
				want = p - d
			}
			if got := candidate(p, d); got != want {
				t.Fatalf("candidate(%d, %d) is %d, want %d", p, d, got, want)
			}
		}
	}
}
