package transport

import (
	"bufio"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/influxtest"
)

func TestCleanHeader(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"HTTP/1.1 400 Bad\r\nX: a\x00b\x01\x7f\tc\r\n\r\nbody\x00", "HTTP/1.1 400 Bad\r\nX: a b  \tc\r\n\r\nbody\x00"},
		{"HTTP/1.1 400 Bad\r\nX: abc\r\n\r\nbody\x00", ""},
		{"HTTP/1.1 400 Bad\nX: a\x00\n\nbody\x00\r\n\r\n", "HTTP/1.1 400 Bad\nX: a \n\nbody\x00\r\n\r\n"},
		{"HTTP/1.1 400 Bad\nX: a\x00\n\r\n\x00\n\n", "HTTP/1.1 400 Bad\nX: a \n\r\n\x00\n\n"},
		{"HTTP/1.1 400 Bad\r\nX: a\x00", "HTTP/1.1 400 Bad\r\nX: a "},
		{"{\"error\":\"\x00\"}\r\n\r\n", ""},
		{"", ""},
	} {
		br := bufio.NewReader(strings.NewReader(tt.in))
		br.Peek(1)
		found := cleanHeader(br)
		got, _ := br.Peek(br.Buffered())
		want := tt.want
		if want == "" {
			want = tt.in
		}
		if found != (tt.want != "") || string(got) != want {
			t.Errorf("%q: %v, %q, want %q", tt.in, found, got, want)
		}
	}
}

// TestControlBytesInHeader plays what InfluxDB answers to a bad line with such
// bytes. net/http refuses the answer.
func TestControlBytesInHeader(t *testing.T) {
	const body = "{\"error\":\"unable to parse 'm,a\\u0000': missing fields\"}\n"
	s := influxtest.New(t, influxtest.Body(400, body, "X-Influxdb-Error", "unable to parse 'm,a\x00': missing fields"))
	d := NewFast(to(s))
	defer d.Close()
	for range 2 {
		status, got, err := fetch(t.Context(), d, post("m,a\x00\n"))
		if err != nil || status != 400 || got != body {
			t.Errorf("%d %q, %v", status, got, err)
		}
	}
	if st := d.Stats(); st.Dials != 1 {
		t.Errorf("%d connections, want 1", st.Dials)
	}
}
