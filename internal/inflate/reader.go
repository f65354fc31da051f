package inflate

import (
	"io"
)

const (
	inputBytes = 16 << 10
	outBytes   = window + piece + slack
	// maxEmpty is the number of empty reads in a row after which the source fails.
	maxEmpty = 100
)

// A Reader decodes gzip data from an io.Reader. Its zero value is ready for Reset.
//
// A Reader returns data as soon as its bytes are there: it reads from its source only
// when it has nothing left to return. The gzip data must end where the source ends. A
// Reader holds about 150 KiB, whatever the input is, and allocates them once. It is not
// safe for concurrent use.
type Reader struct {
	d      decoder
	src    io.Reader
	srcErr error // error of src, to be returned when the input is used up
	in     []byte
	out    []byte
	r, w   int // out[r:w] is decoded and not yet returned
	err    error
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader) *Reader {
	z := new(Reader)
	z.Reset(r)
	return z
}

// Reset makes z read from r and keeps its memory. It does not read yet, so errors of the
// header are returned by Read.
func (z *Reader) Reset(r io.Reader) {
	if z.in == nil {
		z.in = make([]byte, inputBytes)
		z.out = make([]byte, outBytes)
	}
	z.src, z.srcErr, z.err = r, nil, nil
	z.r, z.w = 0, 0
	z.d.reset(z.in[:0], 0)
}

// Close drops the source without closing it, and keeps the memory for Reset. It always
// returns nil.
func (z *Reader) Close() error {
	z.src, z.srcErr, z.err = nil, nil, ErrClosed
	z.r, z.w = 0, 0
	return nil
}

// Read reads decoded bytes into p. It returns io.EOF when the source ends after a
// whole member; every other error is an [*Error] or the source's own. Input
// without a member is io.ErrUnexpectedEOF.
func (z *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for z.r == z.w {
		if z.err != nil {
			return 0, z.err
		}
		z.next()
	}
	n := copy(p, z.out[z.r:z.w])
	z.r += n
	return n, nil
}

// WriteTo writes all decoded bytes to w, without another copy.
func (z *Reader) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for {
		if z.r < z.w {
			n, err := w.Write(z.out[z.r:z.w])
			z.r += n
			total += int64(n)
			if err == nil && z.r < z.w {
				err = io.ErrShortWrite
			}
			if err != nil {
				return total, err
			}
		}
		if z.err != nil {
			if z.err == io.EOF {
				return total, nil
			}
			return total, z.err
		}
		z.next()
	}
}

// next decodes the input at hand. If that yields nothing, it reads more input once. All
// output must have been returned before.
func (z *Reader) next() {
	if z.src == nil {
		z.err = ErrClosed
		return
	}
	d := &z.d
	if z.w >= outBytes-slack {
		shift := z.w - window
		copy(z.out, z.out[shift:z.w])
		z.w = window
		d.base = max(0, d.base-shift)
		d.summed = window
	}
	z.r = z.w
	var v verdict
	z.w, v = d.run(z.out, z.w, outBytes-slack)
	switch {
	case v == bad:
		z.err = d.err
	case v == more && z.w == z.r:
		z.fill()
	}
}

// fill reads from the source once, apart from empty reads.
func (z *Reader) fill() {
	d := &z.d
	if z.srcErr != nil {
		z.err = z.srcErr
		if z.err == io.EOF && !d.ended() {
			z.err = d.early()
		}
		return
	}
	d.before += int64(d.at)
	n := copy(z.in, d.in[d.at:])
	d.at = 0
	for range maxEmpty {
		got, err := z.src.Read(z.in[n:])
		d.in = z.in[:n+got]
		z.srcErr = err
		if got > 0 || err != nil {
			return
		}
	}
	z.srcErr = io.ErrNoProgress
}
