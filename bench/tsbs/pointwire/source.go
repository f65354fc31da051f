package pointwire

import (
	"bytes"
	"io"
	"sync"

	"github.com/timescale/tsbs/pkg/data"
	"github.com/timescale/tsbs/pkg/data/usecases/common"
	"github.com/timescale/tsbs/pkg/targets"
)

// A block is the lines of one batch. TSBS hands items from its reader to batches one by
// one; an item of this target is a whole batch, cut by the reader at the same number of lines.
type block struct {
	lines []byte
	rows  uint
}

var blocks = sync.Pool{New: func() any { return new(block) }}

// A source reads blocks of so many lines. It implements targets.DataSource.
type source struct {
	r    io.Reader
	size uint
	buf  []byte
	at   int // what is before was handed out
	err  error
}

// readSize is how much is read at once.
const readSize = 1 << 20

// NextItem returns the next block. Without one, its Data is nil.
func (s *source) NextItem() data.LoadedPoint {
	b := blocks.Get().(*block)
	b.rows = 0
	end := s.at
	for b.rows < s.size {
		if i := bytes.IndexByte(s.buf[end:], '\n'); i >= 0 {
			end += i + 1
			b.rows++
			continue
		}
		if s.err != nil {
			if end = len(s.buf); end > s.at && s.buf[end-1] != '\n' {
				b.rows++ // the last line has no end
			}
			break
		}
		counted := end - s.at
		s.fill()
		end = s.at + counted
	}
	if b.rows == 0 {
		blocks.Put(b)
		return data.LoadedPoint{}
	}
	b.lines = append(b.lines[:0], s.buf[s.at:end]...)
	s.at = end
	return data.NewLoadedPoint(b)
}

// fill reads on.
func (s *source) fill() {
	s.buf = append(s.buf[:0], s.buf[s.at:]...)
	s.at = 0
	n := len(s.buf)
	if cap(s.buf)-n < readSize {
		s.buf = append(make([]byte, 0, 2*cap(s.buf)+readSize), s.buf...)
	}
	read, err := s.r.Read(s.buf[n:cap(s.buf)])
	s.buf = s.buf[:n+read]
	s.err = err
}

// Err returns what ended the blocks, or nil at the end of the input.
func (s *source) Err() error {
	if s.err == io.EOF {
		return nil
	}
	return s.err
}

func (s *source) Headers() *common.GeneratedDataHeaders { return nil }

// A loadBatch is a block. It implements targets.Batch.
type loadBatch struct{ *block }

func (b *loadBatch) Len() uint {
	if b.block == nil {
		return 0
	}
	return b.rows
}

func (b *loadBatch) Append(item data.LoadedPoint) { b.block = item.Data.(*block) }

type factory struct{}

func (factory) New() targets.Batch { return new(loadBatch) }
