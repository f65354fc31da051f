package compress

import (
	"io"
	"sync"
)

// The pipeline holds at most pipelineBlocks blocks between the goroutine that
// decompresses and the one that reads.
const (
	pipelineBlocks = 4
	pipelineBlock  = 64 << 10
)

// A Pipeline decompresses in its own goroutine, ahead of the one that reads. The goroutine
// ends when the source ends or fails, or when the Pipeline is closed. Every block is in one
// place: empty, full, being filled, or being read as cur.
type Pipeline struct {
	full  chan piece
	empty chan []byte
	stop  chan struct{}
	once  sync.Once
	wg    sync.WaitGroup
	cur   piece
	at    int
}

// A piece is what one Read of the source returned.
type piece struct {
	b   []byte
	err error // follows the bytes of b
}

// NewPipeline returns a Pipeline that decompresses src.
func NewPipeline(src io.Reader) *Pipeline {
	p := &Pipeline{
		full:  make(chan piece, pipelineBlocks),
		empty: make(chan []byte, pipelineBlocks),
		stop:  make(chan struct{}),
	}
	for range pipelineBlocks {
		p.empty <- make([]byte, pipelineBlock)
	}
	p.wg.Go(func() { p.run(src) })
	return p
}

func (p *Pipeline) run(src io.Reader) {
	defer close(p.full)
	z := NewReader(src)
	defer z.Close()
	var err error
	for err == nil {
		var b []byte
		select {
		case b = <-p.empty:
		case <-p.stop:
			return
		}
		var n int
		n, err = z.Read(b)
		select {
		case p.full <- piece{b[:n], err}:
		case <-p.stop:
			return
		}
	}
}

// Read reads decompressed bytes.
func (p *Pipeline) Read(dst []byte) (int, error) {
	for p.at == len(p.cur.b) {
		if p.cur.err != nil {
			return 0, p.cur.err
		}
		if cap(p.cur.b) > 0 {
			p.empty <- p.cur.b[:pipelineBlock]
		}
		next, ok := <-p.full
		if !ok {
			next.err = ErrClosed
		}
		p.cur, p.at = next, 0
	}
	n := copy(dst, p.cur.b[p.at:])
	p.at += n
	return n, nil
}

// Close ends the goroutine. Close the source first: otherwise Close waits for a Read of
// it that is under way.
func (p *Pipeline) Close() error {
	p.once.Do(func() { close(p.stop) })
	p.wg.Wait()
	return nil
}
