package lp_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pointwire/pointwire/lp"
)

// This file holds plain twins of the functions that write text: one byte at a
// time, one rule after the other, as their doc comments say it.

// plainReplace replaces what has no representation for position pos: 'm', 't'
// (tag key or value) or 'f' (field key).
func plainReplace(s string, pos byte) string {
	b := []byte(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\n", "_"))
	if pos == 'm' && b[0] == '#' || pos != 't' && (b[0] == '\t' || b[0] == 0) {
		b[0] = '_'
	}
	// What is not replaced of a run counts for the bytes after it.
	out := bytes.Clone(b)
	for i := range b {
		if b[i] != '\\' {
			continue
		}
		run := 0
		for j := i; j >= 0 && b[j] == '\\'; j-- {
			run++
		}
		before := ""
		switch pos {
		case 'm':
			before, run = `, ="`, 1
		case 't':
			before = ", ="
		case 'f':
			before = `, ="`
		}
		if i+1 == len(b) || run%2 == 1 && strings.IndexByte(before, b[i+1]) >= 0 {
			out[i] = '_'
		}
	}
	return string(out)
}

func plainEscape(s, set string) string {
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(set, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func plainMeasurement(name string) string {
	if name == "" {
		return "_"
	}
	return plainEscape(plainReplace(name, 'm'), ", ")
}

func plainKey(key string, pos byte, set string) string {
	switch key {
	case "":
		return "_"
	case "time":
		return "_time"
	}
	return plainEscape(plainReplace(key, pos), set)
}

func plainTag(key, value string) string {
	if value == "" {
		return ""
	}
	return "," + plainKey(key, 't', ", =") + "=" + plainEscape(plainReplace(value, 't'), ", =")
}

func plainFieldKey(key string) string { return plainKey(key, 'f', `, ="`) + "=" }

func plainString(v string) string {
	return `"` + plainEscape(strings.ToValidUTF8(v, "\uFFFD"), `"\`) + `"`
}

// checkPlain compares the functions with their twins for s, with a full buffer,
// one with room, and one where the bytes after the end must not matter.
func checkPlain(t *testing.T, s, other string) {
	t.Helper()
	room := append(bytes.Repeat([]byte{0xAA}, 512), make([]byte, 64)...)
	for _, c := range []struct {
		name string
		f    func(dst []byte) []byte
		want string
	}{
		{"AppendMeasurement", func(dst []byte) []byte { return lp.AppendMeasurement(dst, s) }, plainMeasurement(s)},
		{"AppendTag", func(dst []byte) []byte { return lp.AppendTag(dst, s, other) }, plainTag(s, other)},
		{"AppendTag, value", func(dst []byte) []byte { return lp.AppendTag(dst, other, s) }, plainTag(other, s)},
		{"AppendFieldKey", func(dst []byte) []byte { return lp.AppendFieldKey(dst, s) }, plainFieldKey(s)},
		{"AppendString", func(dst []byte) []byte { return lp.AppendString(dst, s) }, plainString(s)},
	} {
		if got := string(c.f(nil)); got != c.want {
			t.Fatalf("%s of %q: %q, want %q", c.name, s, got, c.want)
		}
		if got := string(c.f(room[:3:4])); got[3:] != c.want {
			t.Fatalf("%s of %q to a short buffer: %q, want %q", c.name, s, got[3:], c.want)
		}
		if got := string(c.f(room[:3])); got[3:] != c.want {
			t.Fatalf("%s of %q to a long buffer: %q, want %q", c.name, s, got[3:], c.want)
		}
	}
}

// TestPlainShort has every string of up to 4 bytes that mean something, and with
// 8 and 16 clean bytes before and after, so that they lie in every part of a
// word.
func TestPlainShort(t *testing.T) {
	const alphabet = "a\\,= \"\n#\t\x00\xc3\xa9"
	all := []string{""}
	for from, n := 0, 0; n < 4; n++ {
		to := len(all)
		for _, s := range all[from:to] {
			for i := range len(alphabet) {
				all = append(all, s+alphabet[i:i+1])
			}
		}
		from = to
	}
	for _, s := range all {
		checkPlain(t, s, "k")
		if len(s) <= 2 {
			for pad := range 18 {
				clean := "abcdefghijklmnopqrstu"[:pad]
				checkPlain(t, clean+s, s)
				checkPlain(t, s+clean, s)
				checkPlain(t, clean+s+clean, clean)
			}
		}
	}
}

// TestPlainBytes has every byte at every place of strings of up to 70 bytes.
func TestPlainBytes(t *testing.T) {
	for n := 1; n <= 70; n++ {
		if n > 20 && n%7 != 0 {
			continue
		}
		b := bytes.Repeat([]byte{'x'}, n)
		for i := range b {
			for c := range 256 {
				b[i] = byte(c)
				checkPlain(t, string(b), "v")
			}
			b[i] = 'x'
		}
	}
	checkPlain(t, "time", "time")
	for _, s := range []string{"tim", "times", "Time", strings.Repeat("日本", 40), strings.Repeat(`\"`, 100), strings.Repeat(`\ `, 99)} {
		checkPlain(t, s, s)
	}
}

// FuzzPlain compares the functions that write text with their twins, and holds
// that what they write is valid.
func FuzzPlain(f *testing.F) {
	for _, s := range []string{"", "a", `a\`, `a\\\ b`, "C:\\Program Files\\x", "a,b=c d", "\xff\xfe", "x\ny", "#\t\x00", "time", `\"\=`} {
		f.Add(s, "v")
		f.Add(strings.Repeat(s, 9), s)
	}
	f.Fuzz(func(t *testing.T, s, other string) {
		checkPlain(t, s, other)
		if line := lp.AppendTag(nil, s, other); !utf8.Valid(line) || bytes.IndexByte(line, '\n') >= 0 {
			t.Errorf("%q", line)
		}
	})
}
