package inflate

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math"
	"testing"
	"testing/iotest"

	kgzip "github.com/klauspost/compress/gzip"
)

// A tap returns the bytes that were put into it. It fails the test if it is read while it
// is empty, unless dry is set.
type tap struct {
	t    *testing.T
	b    bytes.Buffer
	dry  bool // a read may find it empty
	seen int
}

var errDry = errors.New("nothing left")

func (p *tap) Read(b []byte) (int, error) {
	if p.b.Len() == 0 {
		if !p.dry {
			p.t.Error("the source was read though it was not necessary")
		}
		return 0, errDry
	}
	p.seen++
	return p.b.Read(b)
}

// TestFlushed checks that flushed data is returned without further input.
func TestFlushed(t *testing.T) {
	type writer interface {
		io.WriteCloser
		Flush() error
	}
	for name, open := range map[string]func(w io.Writer) writer{
		"compress/gzip": func(w io.Writer) writer { return gzip.NewWriter(w) },
		"klauspost":     func(w io.Writer) writer { return kgzip.NewWriter(w) },
	} {
		src := &tap{t: t}
		w := open(&src.b)
		z := NewReader(src)
		var got, want []byte
		text := bytes.Repeat([]byte(`[1540184340000000000,"host",1.25],`), 3000)
		for i := 1; i < 40; i++ {
			p := text[i*37 : i*37+i*i*40]
			want = append(want, p...)
			w.Write(p)
			w.Flush()
			buf := make([]byte, 10_000)
			for len(got) < len(want) {
				n, err := z.Read(buf)
				got = append(got, buf[:n]...)
				if err != nil {
					t.Fatalf("%s, chunk %d: %v after %d of %d bytes", name, i, err, len(got), len(want))
				}
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("%s, chunk %d differs", name, i)
			}
		}
		src.dry = true
		if n, err := z.Read(make([]byte, 1)); n != 0 || err != errDry {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
	}
}

// TestSourceError checks that errors of the source are returned unchanged, after the data
// before them.
func TestSourceError(t *testing.T) {
	text := texts()["logs"]
	p := pack(t, text, gzip.DefaultCompression)
	failure := errors.New("broken")
	for n := range len(p) {
		if n > 100 && n%501 != 0 {
			continue
		}
		z := NewReader(io.MultiReader(bytes.NewReader(p[:n]), iotest.ErrReader(failure)))
		got, err := io.ReadAll(z)
		if err != failure || !bytes.HasPrefix(text, got) {
			t.Fatalf("after %d bytes: %d bytes, %v", n, len(got), err)
		}
		if _, err := z.Read(make([]byte, 1)); err != failure {
			t.Fatal("the error changes to", err)
		}
	}
}

type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

func TestNoProgress(t *testing.T) {
	if _, err := NewReader(nothing{}).Read(make([]byte, 1)); err != io.ErrNoProgress {
		t.Error(err)
	}
}

func TestClosed(t *testing.T) {
	var z Reader
	if _, err := z.Read(make([]byte, 1)); err != ErrClosed {
		t.Error("before Reset:", err)
	}
	z.Reset(bytes.NewReader(pack(t, []byte("text"), 6)))
	if n, err := z.Read(nil); n != 0 || err != nil {
		t.Error("empty buffer:", n, err)
	}
	if n, err := z.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Error(n, err)
	}
	z.Close()
	if _, err := z.Read(make([]byte, 1)); err != ErrClosed {
		t.Error("after Close:", err)
	}
	if _, err := z.WriteTo(io.Discard); err != ErrClosed {
		t.Error("WriteTo after Close:", err)
	}
	z.Reset(bytes.NewReader(pack(t, []byte("other"), 6)))
	if got, err := io.ReadAll(&z); string(got) != "other" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// shortWriter writes one byte less than it is given.
type shortWriter struct{}

func (shortWriter) Write(p []byte) (int, error) { return len(p) - 1, nil }

func TestShortWrite(t *testing.T) {
	z := NewReader(bytes.NewReader(pack(t, []byte("text"), 6)))
	if n, err := z.WriteTo(shortWriter{}); n != 3 || err != io.ErrShortWrite {
		t.Error(n, err)
	}
	if got, err := io.ReadAll(z); string(got) != "t" || err != nil {
		t.Errorf("the rest is %q, %v", got, err)
	}
}

func TestErrorText(t *testing.T) {
	_, err := AppendGunzip(nil, []byte("no gzip at all"), 100)
	if err == nil || err.Error() != "inflate: invalid gzip header at byte 0" {
		t.Error(err)
	}
	_, err = AppendGunzip(nil, []byte{0x1f, 0x8b}, 100)
	if err == nil || err.Error() != "inflate: input ends early at byte 2" {
		t.Error(err)
	}
}

// TestHint checks that a false length in the trailer makes no more room than the limit
// and the input allow.
func TestHint(t *testing.T) {
	p := pack(t, []byte("text"), 6)
	copy(p[len(p)-4:], "\xff\xff\xff\x7f")
	got, err := AppendGunzip(nil, p, math.MaxInt)
	if !errors.Is(err, ErrChecksum) || cap(got) > 64<<10 {
		t.Errorf("%v, room for %d bytes", err, cap(got))
	}
	zeros := pack(t, make([]byte, 10<<20), 6)
	got, err = AppendGunzip(nil, zeros, 1000)
	if !errors.Is(err, ErrTooLarge) || len(got) != 1000 || cap(got) > 4000 {
		t.Errorf("%v, %d bytes, room for %d", err, len(got), cap(got))
	}
}
