package deflate

// blocks is a stream of blocks. A block of a code stays open after a chunk, so that the next
// one, if it is written with the same code, needs no head.
type blocks struct {
	stream
	open  *code // the code of the block that is open, or nil
	final bool  // the open block is marked as the last one
}

// try writes t with c and returns the number of bits of its symbols. If that fails, w is as
// before.
func (w *blocks) try(c *code, t *task, final bool) (cost int, ok bool) {
	mark := *w
	if w.begin(c, final, t.limit) {
		from := w.stream
		if c.emit(&w.stream, t) == emitted {
			return w.since(&from), true
		}
	}
	*w = mark
	return 0, false
}

// begin makes a block of c the open one. final tells that no other chunk follows. It reports
// false if the head of the block does not fit below limit.
func (w *blocks) begin(c *code, final bool, limit int) bool {
	if w.open == c {
		return true
	}
	w.finish()
	if w.n+c.head.n/8 >= limit {
		return false
	}
	w.open, w.final = c, final
	w.stored = 0
	bit := uint64(0)
	if final {
		bit = 1
	}
	w.put(bit, 1)
	for i := 0; i < c.head.n; i += 32 {
		w.put(uint64(c.head.words[i>>5]), uint(min(32, c.head.n-i)))
	}
	return true
}

// finish writes the end of the open block, if there is one.
func (w *blocks) finish() {
	if w.open != nil {
		w.put(uint64(w.open.end>>8), uint(w.open.end&0xff))
		w.open = nil
	}
}

// end ends the stream after the last chunk.
func (w *blocks) end() {
	// A block that began before the last chunk is not marked as the last one. An empty block
	// with the fixed code takes its place.
	empty := w.open != nil && !w.final
	w.finish()
	if empty {
		w.put(1|1<<1, 10)
	}
	w.align()
}
