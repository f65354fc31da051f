package msgpack

import (
	"math"
	"strings"
	"testing"
)

// The cases are those of the format's specification, one for each first byte or range.
var heads = []struct {
	bytes string
	want  Head
}{
	{"\x00", Head{Int, 0, 0}},
	{"\x7f", Head{Int, 0, 127}},
	{"\x80", Head{Map, 0, 0}},
	{"\x8f", Head{Map, 0, 15}},
	{"\x90", Head{Array, 0, 0}},
	{"\x9f", Head{Array, 0, 15}},
	{"\xa0", Head{String, 0, 0}},
	{"\xbf", Head{String, 0, 31}},
	{"\xc0", Head{Nil, 0, 0}},
	{"\xc1", Head{Invalid, 0, 0}},
	{"\xc2", Head{Bool, 0, 0}},
	{"\xc3", Head{Bool, 0, 1}},
	{"\xc4\xff", Head{Binary, 0, 255}},
	{"\xc5\x01\x02", Head{Binary, 0, 0x102}},
	{"\xc6\x01\x02\x03\x04", Head{Binary, 0, 0x1020304}},
	{"\xc7\x0c\x05", Head{Ext, 5, 12}},
	{"\xc8\x01\x02\xff", Head{Ext, -1, 0x102}},
	{"\xc9\x01\x02\x03\x04\x80", Head{Ext, -128, 0x1020304}},
	{"\xca\x3f\xc0\x00\x00", Head{Float, 0, math.Float64bits(1.5)}},
	{"\xca\xff\x80\x00\x00", Head{Float, 0, math.Float64bits(math.Inf(-1))}},
	{"\xcb\x80\x00\x00\x00\x00\x00\x00\x00", Head{Float, 0, 1 << 63}},
	{"\xcc\xff", Head{Int, 0, 255}},
	{"\xcd\xff\xfe", Head{Int, 0, 0xfffe}},
	{"\xce\xff\xfe\xfd\xfc", Head{Int, 0, 0xfffefdfc}},
	{"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", Head{Int, 0, math.MaxInt64}},
	{"\xcf\x80\x00\x00\x00\x00\x00\x00\x00", Head{Uint, 0, 1 << 63}},
	{"\xd0\x80", Head{Int, 0, ^uint64(127)}},
	{"\xd1\xff\xfe", Head{Int, 0, ^uint64(1)}},
	{"\xd2\x7f\xff\xff\xff", Head{Int, 0, math.MaxInt32}},
	{"\xd3\x80\x00\x00\x00\x00\x00\x00\x00", Head{Int, 0, 1 << 63}},
	{"\xd4\x01", Head{Ext, 1, 1}},
	{"\xd5\x01", Head{Ext, 1, 2}},
	{"\xd6\x01", Head{Ext, 1, 4}},
	{"\xd7\xff", Head{Ext, -1, 8}},
	{"\xd8\x01", Head{Ext, 1, 16}},
	{"\xd9\x20", Head{String, 0, 32}},
	{"\xda\x01\x00", Head{String, 0, 256}},
	{"\xdb\xff\xff\xff\xff", Head{String, 0, math.MaxUint32}},
	{"\xdc\x00\x10", Head{Array, 0, 16}},
	{"\xdd\x00\x01\x00\x00", Head{Array, 0, 1 << 16}},
	{"\xde\x00\x10", Head{Map, 0, 16}},
	{"\xdf\x00\x01\x00\x00", Head{Map, 0, 1 << 16}},
	{"\xe0", Head{Int, 0, ^uint64(31)}},
	{"\xff", Head{Int, 0, ^uint64(0)}},
}

func TestRead(t *testing.T) {
	for _, c := range heads {
		for _, rest := range []string{"", "\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1"} {
			h, next := Read([]byte("\xc1"+c.bytes+rest), 1)
			if h != c.want || next != 1+len(c.bytes) || len(c.bytes) > MaxHead {
				t.Errorf("%x: %+v, %d, want %+v", c.bytes, h, next, c.want)
			}
		}
		for cut := range len(c.bytes) {
			if h, next := Read([]byte(c.bytes[:cut]), 0); next != 0 || h != (Head{}) {
				t.Errorf("%x truncated at %d: %+v, %d", c.bytes, cut, h, next)
			}
		}
	}
}

func TestSkip(t *testing.T) {
	for _, c := range []struct {
		bytes string
		ok    bool
	}{
		{"\x01", true},
		{"\x92\x01\xa1x", true},
		{"\x81\xa1k\x92\xc0\xc4\x02\x00\x00", true},
		{"\xc7\x0c\x05123456789012", true},
		{strings.Repeat("\x91", 100_000) + "\xc0", true},
		{strings.Repeat("\xdd\xff\xff\xff\xff", 1000), false},
		{strings.Repeat("\xdf\xff\xff\xff\xff", 1000), false},
		{"\x91\xc1", false},
		{"\xdb\xff\xff\xff\xffx", false},
		{"\x93\x01\x01", false},
	} {
		want := 0
		if c.ok {
			want = len(c.bytes)
		}
		if got := Skip([]byte(c.bytes), 0); got != want {
			t.Errorf("%.40x: %d, want %d", c.bytes, got, want)
		}
		if c.ok {
			if got := Skip([]byte("\xc0"+c.bytes+"\xc0"), 1); got != len(c.bytes)+1 {
				t.Errorf("%.40x within others: %d", c.bytes, got)
			}
			if got := Skip([]byte(c.bytes[:len(c.bytes)-1]), 0); got != 0 {
				t.Errorf("%.40x without its end: %d", c.bytes, got)
			}
		}
	}
}

func TestStringMember(t *testing.T) {
	for _, c := range []struct{ bytes, key, want string }{
		{"\x81\xa5error\xa3bad", "error", "bad"},
		{"\x82\xa4code\xa1c\xa7message\xa1m", "message", "m"},
		{"\x82\xa1a\x92\x01\x02\xa5error\xa3bad", "error", "bad"},
		{"\x82\x01\x02\xa5error\xa3bad", "error", ""},
		{"\x82\xa5error\x01\xa5error\xa3bad", "error", "bad"},
		{"\x81\xa5error\xa3ba", "error", ""},
		{"\x81\xa5error\x01", "error", ""},
		{"\x81\xa5other\xa3bad", "error", ""},
		{"\xdf\xff\xff\xff\xff\xa1a\xa1b", "error", ""},
		{"\x91\xa5error", "error", ""},
		{"", "error", ""},
	} {
		if got := StringMember([]byte(c.bytes), c.key); got != c.want {
			t.Errorf("%q of %q is %q, want %q", c.key, c.bytes, got, c.want)
		}
	}
}

// FuzzSkip gives Skip any bytes: it must end, and find the same value within other bytes.
func FuzzSkip(f *testing.F) {
	for _, c := range heads {
		f.Add([]byte(c.bytes))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n := Skip(b, 0)
		if n < 0 || n > len(b) {
			t.Fatalf("%x: %d", b, n)
		}
		if n == 0 {
			return
		}
		if got := Skip(append([]byte{0xc1}, b...), 1); got != n+1 {
			t.Fatalf("%x: %d, within others %d", b, n, got)
		}
		if got := Skip(b[:n-1], 0); got != 0 {
			t.Fatalf("%x: %d without its end", b, got)
		}
	})
}
