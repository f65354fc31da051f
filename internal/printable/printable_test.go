package printable

import (
	"errors"
	"strconv"
	"strings"
	"testing"
)

func TestString(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "plain \\ \"quoted\"": "plain \\ \"quoted\"", "a\r\nlevel=ERROR": `a\r\nlevel=ERROR`, "\x1b[2J": `\x1b[2J`,
		"é": "é", "\xff": `\xff`, "\ufffd": "\ufffd", "\u202e": `\u202e`, "\x00\x7f": `\x00\x7f`,
	} {
		if got := String(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// FuzzString compares with strconv, which escapes the same characters, and also
// backslashes and quotes.
func FuzzString(f *testing.F) {
	for _, s := range []string{"", "plain", "a\nb", "\xff", "\ufffd", "é\u202e", "\\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		quoted := strconv.Quote(s)
		want := strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(quoted[1 : len(quoted)-1])
		if got := String(s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got := string(Append([]byte("x"), s)); got != "x"+want {
			t.Errorf("appended %q, want %q", got, want)
		}
	})
}

func TestError(t *testing.T) {
	if got := Error(nil); got != "no cause" {
		t.Error(got)
	}
	err := errors.Join(errors.New("a: b: one\r"), errors.New("b: two"))
	if got := Error(err, "a: ", "b: "); got != `one\r; two` {
		t.Error(got)
	}
}

func TestAppendCount(t *testing.T) {
	for n, want := range []string{"x0 lines", "x1 line", "x2 lines"} {
		if got := string(AppendCount([]byte("x"), uint64(n), "line", "lines")); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
