package batch

// A slab is memory for batches, which stand in it one after the other. It is
// free when the last of them is settled.
type slab struct {
	mem  []byte // as far as sealed batches fill it
	refs int    // batches that are not settled, with the one being filled
}

// room returns how many bytes another batch may have.
func (s *slab) room() int { return cap(s.mem) - len(s.mem) }

// A slabPool hands out slabs of one size, never more than its budget allows at
// once. It is guarded by its owner's lock.
type slabPool struct {
	size   int
	budget int // slabs
	made   int // slabs in existence, free or not
	free   []*slab
}

// take returns an empty slab, or nil when the budget is spent.
func (p *slabPool) take() *slab {
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
	return &slab{mem: make([]byte, 0, p.size)}
}

// give takes a slab back.
func (p *slabPool) give(s *slab) {
	if cap(s.mem) != p.size || s.refs != 0 {
		panic("batch: slab of a foreign size, or in use")
	}
	s.mem = s.mem[:0]
	p.free = append(p.free, s)
}

// trim gives all but keep of the free slabs to the garbage collector.
func (p *slabPool) trim(keep int) {
	for n := len(p.free); n > keep; n-- {
		p.free[n-1] = nil
		p.free = p.free[:n-1]
		p.made--
	}
}
