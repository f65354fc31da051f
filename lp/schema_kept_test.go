package lp_test

import (
	"runtime"
	"testing"

	"github.com/pointwire/pointwire/lp"
)

// The hoarders keep what their methods get: a pointer to themselves, or what they
// point to.
type (
	hoarder       struct{ n [4]int64 }
	valueHoarder  struct{ p *[4]int64 }
	appendHoarder struct{ p *[4]int64 }
	stringHoarder int64
)

var (
	keptHoarder *hoarder
	keptArray   *[4]int64
	keptString  *stringHoarder
)

func (h *hoarder) MarshalText() ([]byte, error) { keptHoarder = h; return []byte("h"), nil }

func (h valueHoarder) MarshalText() ([]byte, error) { keptArray = h.p; return []byte("v"), nil }

// The stack moves while the method runs: what it points to must not move with it.
func (h *appendHoarder) AppendText(dst []byte) ([]byte, error) {
	keptArray = h.p
	if smash(300) == 0 || h.p[3] != 4 {
		return append(dst, "moved"...), nil
	}
	return append(dst, 'a'), nil
}

func (h *stringHoarder) String() string { keptString = h; return "s" }

// smash overwrites the stack below the caller.
//
//go:noinline
func smash(depth int) int64 {
	var a [64]int64
	for i := range a {
		a[i] = 200 + int64(depth&1)
	}
	if depth == 0 {
		runtime.GC()
		return a[int(keptSink)&63]
	}
	return smash(depth-1) + a[depth&63]
}

var keptSink int64

//go:noinline
func writeHoarder(buf []byte) ([]byte, error) {
	var v one[hoarder]
	v.V.n = [4]int64{1, 2, 3, 4}
	return hoarders.Append(buf, &v)
}

//go:noinline
func writePointerHoarder(buf []byte) ([]byte, error) {
	h := hoarder{[4]int64{1, 2, 3, 4}}
	v := one[*hoarder]{V: &h}
	return pointerHoarders.Append(buf, &v)
}

//go:noinline
func writeValueHoarder(buf []byte) ([]byte, error) {
	a := [4]int64{1, 2, 3, 4}
	v := oneTag[valueHoarder]{V: valueHoarder{&a}}
	return valueHoarders.Append(buf, &v)
}

//go:noinline
func writeAppendHoarder(buf []byte) ([]byte, error) {
	a := [4]int64{1, 2, 3, 4}
	v := one[appendHoarder]{V: appendHoarder{&a}}
	return appendHoarders.Append(buf, &v)
}

//go:noinline
func writeStringHoarder(buf []byte) ([]byte, error) {
	v := oneTag[stringHoarder]{V: 7}
	return stringHoarders.Append(buf, &v)
}

var (
	hoarders        = must(lp.SchemaFor[one[hoarder]]())
	pointerHoarders = must(lp.SchemaFor[one[*hoarder]]())
	valueHoarders   = must(lp.SchemaFor[oneTag[valueHoarder]]())
	appendHoarders  = must(lp.SchemaFor[one[appendHoarder]]())
	stringHoarders  = must(lp.SchemaFor[oneTag[stringHoarder]]())
)

// TestSchemaKept holds that a method that keeps what it gets keeps no part of a
// stack: what it sees later is what it was, or the empty copy.
func TestSchemaKept(t *testing.T) {
	whole := [4]int64{1, 2, 3, 4}
	for _, c := range []struct {
		name  string
		write func(buf []byte) ([]byte, error)
		want  string
		good  func() bool
	}{
		{"pointer receiver", writeHoarder, "m v=\"h\"\n", func() bool { return keptHoarder.n == [4]int64{} }},
		{"behind a pointer", writePointerHoarder, "m v=\"h\"\n", func() bool { return keptHoarder.n == whole }},
		{"value receiver", writeValueHoarder, "m,v=v f=false\n", func() bool { return *keptArray == whole }},
		{"pointer in the copy", writeAppendHoarder, "m v=\"a\"\n", func() bool { return *keptArray == whole }},
		{"String", writeStringHoarder, "m,v=s f=false\n", func() bool { return *keptString == 0 }},
	} {
		done := make(chan bool)
		go func() { // on a stack that is small
			defer close(done)
			got, err := c.write(make([]byte, 0, 512))
			smash(4)
			if err != nil || string(got) != c.want || !c.good() {
				t.Errorf("%s: %q, %v, kept %v %v %v", c.name, got, err, keptHoarder, keptArray, keptString)
			}
		}()
		<-done
	}
}
