package jsonscan

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pointwire/pointwire/internal/swar"
)

// strictCell decodes only JSON values that a cell may hold.
type strictCell struct{ raw string }

func (c *strictCell) UnmarshalJSON(b []byte) error {
	if b[0] == '[' || b[0] == '{' {
		return fmt.Errorf("cell is %s", b)
	}
	if b[0] == '-' || b[0] >= '0' && b[0] <= '9' {
		var f float64
		if err := json.Unmarshal(b, &f); err != nil {
			return err
		}
	}
	c.raw = string(b)
	return nil
}

// FuzzRow compares one row with encoding/json: the same rows are accepted, and
// every cell has the same text.
func FuzzRow(f *testing.F) {
	for _, b := range badResponses {
		if b.values {
			f.Add(strings.Replace(b.body, "|", "", 1), uint8(len(b.body)))
		}
	}
	f.Add(`[1500000000060748059,"a\nb",1.5,null,true,false,"é",-0,1e21]`, uint8(9))
	f.Add(`[ 1 , "x" ]`, uint8(0))
	f.Fuzz(func(t *testing.T, row string, size uint8) {
		if !strings.HasPrefix(row, "[") {
			return
		}
		var cells []strictCell
		jerr := json.Unmarshal([]byte(row), &cells)
		columns := strings.TrimSuffix(strings.Repeat(`"c",`, len(cells)), ",")
		body := `{"results":[{"series":[{"name":"m","columns":[` + columns + `],"values":[` + row + `]}]}]}`
		if jerr == nil && strings.TrimSpace(row) != row {
			return
		}
		for _, size := range []int{64, 64 + int(size), 64 << 10} {
			s := sized(strings.NewReader(body), size)
			s.AllowInvalidUTF8 = true
			ok := s.Next()
			if jerr == nil != ok && !(jerr != nil && !json.Valid([]byte(body))) {
				// Text that is not an array by itself can be two rows inside values.
				if jerr != nil {
					continue
				}
				t.Fatalf("%q: %v, encoding/json: %v", row, s.Err(), jerr)
			}
			if !ok || jerr != nil {
				continue
			}
			for i, c := range cells {
				compareCell(t, s.Row(), i, c.raw)
			}
			if s.Next() || s.Err() != nil {
				t.Fatalf("%q: after the row: %v", row, s.Err())
			}
		}
	})
}

func compareCell(t *testing.T, r *Row, i int, raw string) {
	t.Helper()
	if raw == "" {
		raw = "null" // UnmarshalJSON is not called for it
	}
	if got := string(r.Raw(i)); got != raw {
		t.Fatalf("cell %d is %s, want %s", i, got, raw)
	}
	if raw[0] == '"' {
		var want string
		if err := json.Unmarshal([]byte(raw), &want); err != nil {
			t.Fatal(err)
		}
		if got, err := r.String(i); err != nil || got != want {
			t.Fatalf("cell %d is %q, want %q", i, got, want)
		}
		return
	}
	if raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9' {
		var want float64
		if err := json.Unmarshal([]byte(raw), &want); err != nil {
			t.Fatal(err)
		}
		kind, bits, _ := number([]byte(raw))
		if rounded := (kind == KindInt || kind == KindUint) && !plainFloat(raw, want); rounded {
			want = 0
		}
		if got, err := r.Float(i); got != want || (err != nil) != (want == 0 && bits<<1 != 0) {
			t.Fatalf("cell %d is %v, %v, want %v", i, got, err, want)
		}
		if kind != r.Kind(i) || bits != r.Cell(i).bits {
			t.Fatalf("cell %d, %s, has kind %v and bits %x", i, raw, r.Kind(i), r.Cell(i).bits)
		}
	}
}

// FuzzResponse gives the scanner any bytes. It must end with rows or an error, give
// the same trace through every buffer, and accept only what encoding/json accepts.
func FuzzResponse(f *testing.F) {
	for _, a := range responses {
		f.Add([]byte(a.body))
	}
	for _, b := range badResponses {
		f.Add([]byte(strings.Replace(b.body, "|", "", 1)))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		want := trace(sized(bytes.NewReader(body), 64<<10))
		for _, size := range []int{64, 65, 127} {
			if got := trace(sized(bytes.NewReader(body), size)); got != want {
				t.Fatalf("buffer %d:\n%s\nwant:\n%s", size, got, want)
			}
		}
		s := sized(bytes.NewReader(body), 64<<10)
		s.AllowInvalidUTF8 = true
		failed := false
		for _, err := range s.Rows() {
			failed = failed || err != nil
		}
		if failed {
			return
		}
		for d := json.NewDecoder(bytes.NewReader(body)); d.More(); {
			var doc json.RawMessage
			if err := d.Decode(&doc); err != nil {
				t.Fatalf("%q: accepted, encoding/json: %v", body, err)
			}
		}
	})
}

// TestSpecials compares the lowest mark with a loop over the bytes. The bytes of its
// words are special ones and their neighbours.
func TestSpecials(t *testing.T) {
	const near = "\x00\x01\x1f !\"#02[\\]\x5e~\x7f\x80\xa0\xa1\xa2\xdc\xff"
	r := rand.New(rand.NewPCG(1, 1))
	for range 200_000 {
		var b [8]byte
		want := len(b)
		for i := range b {
			if b[i] = byte(r.Uint32()); r.IntN(2) == 0 {
				b[i] = near[r.IntN(len(near))]
			}
			if c := b[i]; want == len(b) && (c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf) {
				want = i
			}
		}
		if got := swar.First(specials(binary.LittleEndian.Uint64(b[:]))); got != want {
			t.Fatalf("%x: first mark at %d, want %d", b, got, want)
		}
	}
}

// FuzzUnescape compares the unescaping of strings with encoding/json.
func FuzzUnescape(f *testing.F) {
	for _, s := range []string{``, `a`, `\n`, `\u003c`, `\ud83d\ude00`, `\ud83d`, `\ud83d\u0041`, "\xff", "é\\té", `12345678\n12345678`, "\xe2\x82"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted := `"` + text + `"`
		var want string
		err := json.Unmarshal([]byte(quoted), &want)
		b := make([]byte, len(quoted), len(quoted)+pad)
		copy(b, quoted)
		b = b[:len(quoted)+pad]
		n, fix, code := scanString(b, 1, len(quoted), true)
		if (err == nil) != (code == scanDone && n == len(quoted)) {
			t.Fatalf("%q: %v, encoding/json: %v", text, code, err)
		}
		texts := []byte("before")
		fast, at, bit := fastString(b, 1, 1, &texts, true)
		if fast != 0 && (fast != n || code != scanDone || (bit != 0) != fix) {
			t.Fatalf("%q: fastString %d %v, scanString %d %v", text, fast, bit, n, fix)
		}
		if fast == 0 && code == scanDone {
			t.Fatalf("%q: fastString declines", text)
		}
		if err != nil {
			return
		}
		got := text
		if fix {
			got = string(appendUnescaped(nil, b, 1, n-1))
		}
		if got != want {
			t.Fatalf("%q is %q, want %q", text, got, want)
		}
		if at != 0 {
			row := Row{unescaped: texts, s: &Scanner{buffer: buffer{buf: b}},
				cells: []Cell{{bits: uint64(fast) | uint64(at)<<textShift, meta: uint64(KindString)<<kindShift | fixBit}}}
			view, _ := row.Bytes(0)
			room, _ := row.AppendString(make([]byte, 3, 200), 0)
			tight, _ := row.AppendString([]byte("abc"), 0)
			if string(view) != want || string(room[3:]) != want || string(tight) != "abc"+want || string(texts[:6]) != "before" {
				t.Fatalf("%q is %q, %q and %q, want %q", text, view, room, tight, want)
			}
		}
		_, strict, code := scanString(b, 1, len(quoted), false)
		if code == scanDone && (strict != fix || strings.Contains(want, "\ufffd") && !strings.Contains(text, "\ufffd") && !strings.Contains(strings.ToLower(text), `\ufffd`)) {
			t.Fatalf("%q is accepted as UTF-8", text)
		}
	})
}
