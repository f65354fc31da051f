package lp

import (
	"fmt"
	"strings"
	"testing"
)

// TestHeldKey compares keys of every length with those that differ from them in one byte
// or in their length.
func TestHeldKey(t *testing.T) {
	const text = "abcdefghijklmnopqrstuvwxyz0123456789"
	for n := 1; n <= len(text); n++ {
		k := heldKey{key: text[:n]}
		k.hold()
		if held := k.size != 0; held != (n <= 30) {
			t.Fatalf("%d bytes: held is %v", n, held)
		}
		if k.size == 0 {
			continue
		}
		if got := string(k.text[:k.size]); got != ","+text[:n]+"=" {
			t.Fatalf("%d bytes: %q", n, got)
		}
		b := make([]byte, heldText)
		if end := k.put(b, 0); string(b[:end]) != ","+text[:n]+"=" {
			t.Fatalf("%d bytes: put %q", n, b[:end])
		}
		if !k.is(strings.Clone(text[:n])) || k.is(text[:n-1]) || k.is(text[:n+1]) || k.is("") {
			t.Errorf("%d bytes: is takes another length", n)
		}
		for i := range n {
			other := []byte(text[:n])
			other[i] ^= 0x80
			if k.is(string(other)) || k.equals(string(other)) {
				t.Errorf("%d bytes: is takes %q", n, other)
			}
		}
	}
}

// TestChangedKey holds that a key whose bytes change is written as it is at the call, and
// checked: it is not recognised by its address.
func TestChangedKey(t *testing.T) {
	keys := []string{"aaaa", "bbbb", "c,cc", "dd\nd", "time", "aaaa"}
	var e Encoder
	b := make([]byte, 4)
	for round := range 3 {
		for _, text := range keys {
			copy(b, text)
			key := viewString(b) // with purego it is a copy
			e.Point("m")
			e.Tag(key, "v")
			e.Float(key+"2", 1)
			err := e.EndNoTimestamp()
			e.Point("m")
			e.Tag("tag", "v")
			e.Float(key, 1)
			err2 := e.EndNoTimestamp()
			var fresh Encoder
			fresh.Point("m")
			fresh.Tag(text, "v")
			fresh.Float(text+"2", 1)
			want := fresh.EndNoTimestamp()
			fresh.Point("m")
			fresh.Tag("tag", "v")
			fresh.Float(text, 1)
			want2 := fresh.EndNoTimestamp()
			if (err == nil) != (want == nil) || (err2 == nil) != (want2 == nil) || string(e.Bytes()) != string(fresh.Bytes()) {
				t.Fatalf("round %d, %q: %q, %v, %v; want %q, %v, %v", round, text, e.Bytes(), err, err2, fresh.Bytes(), want, want2)
			}
			e.Reset()
		}
	}
}

// FuzzRepeatedKeys compares points that one Encoder writes after each other with the same
// points written by an Encoder each. The bytes say what the calls are: the Encoder keeps
// the keys of one point for the next.
func FuzzRepeatedKeys(f *testing.F) {
	f.Add([]byte("\x01\x02\x03.\x01\x02\x03.\x01\x02\x03.\x01\x03\x02."))
	f.Add([]byte("abcABC.abcABC.abcABCA.abcABC.R.RAB.RAB.RBA.SaA.SaA.SbA."))
	f.Add([]byte("ghijGHIJ.ghijGHIJ.ghijGHIJ.gGg.tTuUvV.tTuUvV.tTuUvV."))
	keys := []string{
		"a", "b", "é", "time", "short", "seven77", "eight888", "nine99999", "sixteen__16_____", "seventeen_17_____",
		"twenty four bytes long__", "twenty_four_bytes_long24", "twenty_five_bytes_long_25", "thirty_bytes_long____________30",
		"a_key_of_thirty_one_bytes____31", "a_key_that_is_longer_than_the_text_which_is_held", "with space", "x=y", `q"`, "",
	}
	series, err := NewSeries("s", Tag{Key: "a", Value: "1"}, Tag{Key: "short", Value: "2"})
	if err != nil {
		f.Fatal(err)
	}
	layout, err := NewLayout("b", "eight888", "x=y")
	if err != nil {
		f.Fatal(err)
	}
	field, err := NewFieldKey("sixteen__16_____")
	if err != nil {
		f.Fatal(err)
	}
	write := func(e *Encoder, calls []byte, clone bool) error {
		if len(calls) > 0 && calls[0] == 'S' {
			e.Series(series)
		} else {
			e.Point("m")
		}
		for i, c := range calls {
			key := keys[int(c&31)%len(keys)]
			if clone && i%2 == 0 {
				key = strings.Clone(key)
			}
			switch {
			case c == 'R':
				r := layout.Row(e)
				r.Float(1)
				r.Int(2)
			case c == 'F':
				e.IntFor(field, 3)
			case c == 'S':
			case c < 0x20:
				e.Float(key, float64(i))
			case c < 0x40:
				e.Tag(key, "v w"[:1+2*(i&1)])
			case c < 0x60:
				e.Int(key, int64(i))
			case c < 0x80:
				e.Tag(key, fmt.Sprint(i))
			default:
				e.String(key, "v")
			}
		}
		return e.EndNoTimestamp()
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for bits := range 8 {
			o := Options{AllowDuplicateFields: bits&1 != 0}
			if bits&2 != 0 {
				o.Text = TextReplace
			}
			if bits&4 != 0 {
				o.TagOrder = TagsSorted
			}
			var e Encoder
			e.SetOptions(o)
			for n, calls := range strings.Split(string(data), ".") {
				var fresh Encoder
				fresh.SetOptions(o)
				e.Reset()
				got, want := write(&e, []byte(calls), true), write(&fresh, []byte(calls), false)
				if fmt.Sprint(got) != fmt.Sprint(want) || string(e.Bytes()) != string(fresh.Bytes()) {
					t.Fatalf("point %d, %q with %+v: %q, %v; alone %q, %v", n, calls, o, e.Bytes(), got, fresh.Bytes(), want)
				}
			}
		}
	})
}
