package fastclient

// A slabPool hands out slabs of one size, never more than its budget allows at
// once. It is guarded by its owner's lock.
type slabPool struct {
	size   int
	budget int // slabs
	made   int // slabs in existence, free or not
	free   [][]byte
}

// take returns an empty slab, or nil when the budget is spent.
func (p *slabPool) take() []byte {
	if n := len(p.free); n > 0 {
		s := p.free[n-1]
		p.free[n-1] = nil
		p.free = p.free[:n-1]
		return s
	}
	if p.made == p.budget {
		return nil
	}
	p.made++
	return make([]byte, 0, p.size)
}

// give takes a slab back.
func (p *slabPool) give(s []byte) {
	if cap(s) != p.size {
		panic("fastclient: slab of a foreign size")
	}
	p.free = append(p.free, s[:0])
}

// trim gives all but keep of the free slabs to the garbage collector.
func (p *slabPool) trim(keep int) {
	for n := len(p.free); n > keep; n-- {
		p.free[n-1] = nil
		p.free = p.free[:n-1]
		p.made--
	}
}
