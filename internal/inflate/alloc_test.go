//go:build !race

package inflate

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
)

func TestAllocs(t *testing.T) {
	for _, name := range []string{"byte", "trade", "small_last"} {
		text := texts()[name]
		p := pack(t, text, gzip.DefaultCompression)
		dst := make([]byte, 0, len(text)+slack+1)
		if n := testing.AllocsPerRun(100, func() {
			if got, err := AppendGunzip(dst, p, len(text)); err != nil || len(got) != len(text) {
				t.Fatal(len(got), err)
			}
		}); n != 0 {
			t.Errorf("%s: AppendGunzip allocates %v times", name, n)
		}
		var r bytes.Reader
		var z Reader
		buf := make([]byte, 4096)
		if n := testing.AllocsPerRun(100, func() {
			r.Reset(p)
			z.Reset(&r)
			for {
				if _, err := z.Read(buf); err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
			r.Reset(p)
			z.Reset(&r)
			if n, err := z.WriteTo(io.Discard); err != nil || n != int64(len(text)) {
				t.Fatal(n, err)
			}
			z.Close()
		}); n != 0 {
			t.Errorf("%s: a Reader allocates %v times", name, n)
		}
	}
}
