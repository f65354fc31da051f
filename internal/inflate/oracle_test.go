package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"math"
	"testing"
	"testing/iotest"
)

// reference decodes src with compress/gzip, the plain twin of this package.
func reference(src []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(src))
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF // no member
		}
		return nil, err
	}
	return io.ReadAll(z)
}

// sameVerdict reports whether err, of this package, means the same as want, of
// compress/gzip.
func sameVerdict(err, want error) bool {
	var e *Error
	if err != nil && !errors.As(err, &e) {
		return false
	}
	var corrupt flate.CorruptInputError
	switch {
	case want == nil:
		return err == nil
	case want == io.ErrUnexpectedEOF:
		return errors.Is(err, io.ErrUnexpectedEOF)
	case want == gzip.ErrHeader:
		return errors.Is(err, ErrHeader)
	case want == gzip.ErrChecksum:
		return errors.Is(err, ErrChecksum)
	case errors.As(want, &corrupt):
		return errors.Is(err, ErrCorrupt)
	}
	return false
}

// differ fails the test if got and err differ from what compress/gzip returned for src.
func differ(t *testing.T, how string, src, got []byte, err error, want []byte, wantErr error) {
	t.Helper()
	if !bytes.Equal(got, want) {
		i := 0
		for i < len(got) && i < len(want) && got[i] == want[i] {
			i++
		}
		t.Fatalf("%s of %d bytes %.60x: %d bytes, want %d; they differ from byte %d on; %v, want %v", how, len(src), src, len(got), len(want), i, err, wantErr)
	}
	if !sameVerdict(err, wantErr) {
		t.Fatalf("%s of %d bytes %.60x: %v, want %v", how, len(src), src, err, wantErr)
	}
}

// chunks limits each Read to the next of its sizes, in turn.
type chunks struct {
	r     io.Reader
	sizes []int
	next  int
}

func (c *chunks) Read(p []byte) (int, error) {
	n := c.sizes[c.next%len(c.sizes)]
	c.next++
	return c.r.Read(p[:min(n, len(p))])
}

var testReader Reader

// checkWhole compares AppendGunzip with compress/gzip.
func checkWhole(t *testing.T, src []byte) {
	t.Helper()
	want, wantErr := reference(src)
	got, err := AppendGunzip(nil, src, math.MaxInt)
	differ(t, "AppendGunzip", src, got, err, want, wantErr)
}

// checkStream compares a Reader with compress/gzip. It reads in pieces of odd sizes.
func checkStream(t *testing.T, src []byte) {
	t.Helper()
	want, wantErr := reference(src)
	z := &testReader
	z.Reset(&chunks{r: bytes.NewReader(src), sizes: []int{5000, 1, 300}})
	got, err := io.ReadAll(z)
	differ(t, "Reader", src, got, err, want, wantErr)
}

// check compares every form with compress/gzip.
func check(t *testing.T, src []byte) {
	t.Helper()
	want, wantErr := reference(src)
	got, err := AppendGunzip(nil, src, math.MaxInt)
	differ(t, "AppendGunzip", src, got, err, want, wantErr)
	got, err = AppendGunzip([]byte("before"), src, len(want))
	differ(t, "AppendGunzip after text", src, got[6:], err, want, wantErr)
	if string(got[:6]) != "before" {
		t.Fatalf("the text before the data became %q", got[:6])
	}
	if len(want) > 0 {
		for _, limit := range []int{0, len(want) / 2, len(want) - 1} {
			got, err := AppendGunzip(nil, src, limit)
			if !bytes.Equal(got, want[:limit]) || !errors.Is(err, ErrTooLarge) {
				t.Fatalf("limit of %d: %d bytes, %v", limit, len(got), err)
			}
		}
	}
	z := &testReader
	z.Reset(bytes.NewReader(src))
	got, err = io.ReadAll(z)
	differ(t, "Reader", src, got, err, want, wantErr)
	z.Reset(iotest.DataErrReader(iotest.OneByteReader(bytes.NewReader(src))))
	got, err = io.ReadAll(z)
	differ(t, "Reader byte by byte", src, got, err, want, wantErr)
	for _, sizes := range [][]int{{3, 1, 0, 7}, {23, 100}, {1000, 1}} {
		z.Reset(&chunks{r: bytes.NewReader(src), sizes: sizes})
		var b bytes.Buffer
		n, err := z.WriteTo(&b)
		if n != int64(b.Len()) {
			t.Fatalf("WriteTo says %d of %d bytes", n, b.Len())
		}
		differ(t, "WriteTo", src, b.Bytes(), err, want, wantErr)
		z.Reset(bytes.NewReader(src))
		got, err = io.ReadAll(&chunks{r: z, sizes: append(sizes, 2)})
		differ(t, "Reader to small buffers", src, got, err, want, wantErr)
	}
}

// pack compresses p with compress/gzip.
func pack(tb testing.TB, p []byte, level int) []byte {
	tb.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, level)
	if err == nil {
		_, err = z.Write(p)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}
