package fast

import (
	"bufio"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/doertest"
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

// TestControlBytesInHeader plays the response of InfluxDB to a bad line with control
// bytes. net/http refuses that response.
func TestControlBytesInHeader(t *testing.T) {
	const body = "{\"error\":\"unable to parse 'm,a\\u0000': missing fields\"}\n"
	s := influxtest.New(t, influxtest.Body(400, body, "X-Influxdb-Error", "unable to parse 'm,a\x00': missing fields"))
	d := New(doertest.To(s))
	defer d.Close()
	for range 2 {
		status, got, err := doertest.Fetch(t.Context(), d, doertest.Post("m,a\x00\n"))
		if err != nil || status != 400 || got != body {
			t.Errorf("%d %q, %v", status, got, err)
		}
	}
	if st := d.Stats(); st.Dials != 1 {
		t.Errorf("%d connections, want 1", st.Dials)
	}
}

// TestVersion plays responses of HTTP versions that the connection does not speak.
func TestVersion(t *testing.T) {
	for _, version := range []string{"HTTP/2.0", "HTTP/9.9", "HTTP/1.2", "HTTP", "SSH-2.0-"} {
		s := influxtest.New(t, influxtest.RawClose(version+" 204 No Content\r\n\r\n"))
		d := New(doertest.To(s))
		if status, _, err := doertest.Fetch(context.Background(), d, doertest.Post("m v=1 1")); !errors.Is(err, transport.ErrMalformed) {
			t.Errorf("%s: status %d, %v", version, status, err)
		}
		d.Close()
	}
}
