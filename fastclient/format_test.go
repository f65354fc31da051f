package fastclient

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/jsonscan"
)

const (
	// rowsText and rowsPacked are the response with the row [1,3] in the two forms.
	rowsText   = `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"values":[[1,3]]}]}]}` + "\n"
	rowsPacked = "\x81\xa7results\x91\x82\xacstatement_id\x00\xa6series\x91\x83\xa4name\xa1m\xa7columns\x92\xa4time\xa1v" +
		"\xa6values\x91\x92\x01\xcb\x40\x08\x00\x00\x00\x00\x00\x00"
)

// formatReply responds like a server of that version and build: in MessagePack if that is
// acceptable and the server knows it.
func formatReply(version, build string, knows bool) influxtest.Reply {
	return influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
		media, body := mediaJSON, rowsText
		if knows && r.Header.Get("Accept") == mediaMsgpack {
			media, body = mediaMsgpack+"; charset=utf-8", rowsPacked
		}
		head := "HTTP/1.1 200 OK\r\nContent-Type: " + media + "\r\n"
		if version != "" {
			head += "X-Influxdb-Version: " + version + "\r\n"
		}
		if build != "" {
			head += "X-Influxdb-Build: " + build + "\r\n"
		}
		c.Send(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(body), body))
	})
}

// kindOf returns the kind of v in the only row of a query.
func kindOf(t *testing.T, c *Client, opts ...QueryOption) (kind jsonscan.Kind) {
	t.Helper()
	r, err := c.Query(t.Context(), "SELECT v FROM m", opts...)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for row, err := range r.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		if v, err := row.Float(1); err != nil || v != 3 {
			t.Fatal(v, err)
		}
		kind = row.Kind(1)
		rows++
	}
	if rows != 1 {
		t.Fatalf("%d rows", rows)
	}
	return kind
}

// TestFormatAuto holds which servers are asked for MessagePack, and when.
func TestFormatAuto(t *testing.T) {
	for _, tt := range []struct {
		version, build string
		packed         bool
	}{
		{"1.8.10", "OSS", true},
		{"1.6.7~rc0", "OSS", true},
		{"v1.8.10", "OSS", true},
		{"1.11.8-c1.11.8", "ENT", true},
		{"v2.8.0", "OSS", true},
		{"3.1.0", "Core", false},
		{"v3.1.0", "OSS", false},
		{"1.8.0", "", false}, // VictoriaMetrics
		{"1.0", "relay", false},
		{"10.1", "OSS", false},
		{"", "", false},
		{"unknown", "OSS", false},
	} {
		both(t, func(t *testing.T, o Options) {
			s := influxtest.New(t, formatReply(tt.version, tt.build, true))
			o.ResponseFormat = FormatAuto
			c := client(t, s, o)
			for n := range 3 {
				want := n > 0 && tt.packed
				kind := kindOf(t, c)
				if got := s.Last().Header.Get("Accept") == mediaMsgpack; got != want || (kind == jsonscan.KindFloat) != want {
					t.Errorf("%q %q: query %d asks for MessagePack: %v, and reads a %v", tt.version, tt.build, n, got, kind)
				}
			}
		})
	}
}

// TestFormatLearn holds what teaches the client a server's dialect, and that a server which
// is replaced is asked as the new one wants.
func TestFormatLearn(t *testing.T) {
	s := influxtest.New(t)
	asked := func(c *Client) bool {
		t.Helper()
		kindOf(t, c)
		return s.Last().Header.Get("Accept") == mediaMsgpack
	}
	one, other := formatReply("1.8.10", "OSS", true), formatReply("3.0.0", "Core", false)

	c := client(t, s, Options{ResponseFormat: FormatAuto})
	s.Play(influxtest.Status(204), one)
	if _, err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !asked(c) {
		t.Error("a ping teaches nothing")
	}
	c = client(t, s, Options{ResponseFormat: FormatAuto})
	s.Play(influxtest.Status(204), one)
	if err := c.Write(t.Context(), []byte("m v=1\n")); err != nil {
		t.Fatal(err)
	}
	if !asked(c) {
		t.Error("a write teaches nothing")
	}
	s.Play(other)
	if !asked(c) {
		t.Error("the client forgets the server")
	}
	if asked(c) {
		t.Error("the client does not see that another server took the place")
	}
	s.Play(influxtest.Status(204), other)
	if err := c.Write(t.Context(), []byte("m v=1\n")); err != nil {
		t.Fatal(err)
	}
	if asked(c) {
		t.Error("a write overrules what queries said")
	}
}

// TestFormatAsked holds what each kind of query asks for.
func TestFormatAsked(t *testing.T) {
	s := influxtest.New(t, formatReply("1.8.10", "OSS", true))
	for _, tt := range []struct {
		of     ResponseFormat
		opts   []QueryOption
		packed bool
	}{
		{FormatJSON, nil, false},
		{FormatMessagePack, nil, true},
		{FormatJSON, []QueryOption{Format(FormatMessagePack)}, true},
		{FormatMessagePack, []QueryOption{Format(FormatJSON)}, false},
		{FormatAuto, nil, true}, // the first query of all has taught it
		{FormatAuto, []QueryOption{Format(FormatJSON)}, false},
		{FormatJSON, []QueryOption{Format(FormatAuto)}, true},
	} {
		c := client(t, s, Options{ResponseFormat: tt.of})
		kindOf(t, c, tt.opts...)
		check := func(what string, packed bool) {
			t.Helper()
			want := mediaJSON
			if packed {
				want = mediaMsgpack
			}
			if got := s.Last().Header.Get("Accept"); got != want {
				t.Errorf("%v: %s asks for %q", tt.of, what, got)
			}
		}
		got, err := QueryInto(t.Context(), c, []float64(nil), "SELECT v FROM m", tt.opts...)
		if err != nil || len(got) != 1 || got[0] != 3 {
			t.Error(got, err)
		}
		check("QueryInto", tt.packed)
		if v, err := QueryOne[float64](t.Context(), c, "SELECT v FROM m", tt.opts...); err != nil || v != 3 {
			t.Error(v, err)
		}
		check("QueryOne", tt.packed)
		frames, err := c.QueryFrames(t.Context(), "SELECT v FROM m", tt.opts...)
		if err != nil || len(frames) != 1 || string(frames[0].Columns[0].AppendValue(nil, 0)) != "3" {
			t.Error(frames, err)
		}
		check("QueryFrames", tt.packed)
		if err := c.Exec(t.Context(), "CREATE DATABASE x", tt.opts...); err != nil {
			t.Error(err)
		}
		check("Exec", false)
		raw, err := c.QueryRaw(t.Context(), "SELECT v FROM m", tt.opts...)
		if err != nil {
			t.Fatal(err)
		}
		raw.Close()
		check("QueryRaw", false)
	}
}

// TestFormatOfServers holds that each of several servers is asked for what it sends.
func TestFormatOfServers(t *testing.T) {
	a, b := influxtest.New(t, formatReply("1.8.10", "OSS", true)), influxtest.New(t, formatReply("3.0.0", "Core", false))
	c := client(t, a, Options{Addrs: []string{b.URL}, Balance: RoundRobin, ResponseFormat: FormatAuto})
	for range 6 {
		kindOf(t, c)
	}
	for _, tt := range []struct {
		s    *influxtest.Server
		want string
	}{{a, "[json x-msgpack x-msgpack]"}, {b, "[json json json]"}} {
		var asked []string
		for _, r := range tt.s.Requests() {
			asked = append(asked, strings.TrimPrefix(r.Header.Get("Accept"), "application/"))
		}
		if got := fmt.Sprint(asked); got != tt.want {
			t.Errorf("%s was asked for %s, want %s", tt.s.URL, got, tt.want)
		}
	}
}

// TestFormatOfResponse holds that the Content-Type of the response decides how it is read.
func TestFormatOfResponse(t *testing.T) {
	for _, tt := range []struct{ body, media string }{
		{rowsText, mediaJSON}, {rowsText, ""}, {rowsText, "text/plain"},
		{rowsPacked, mediaMsgpack}, {rowsPacked, "Application/X-MsgPack ; x=y"},
	} {
		for _, f := range []ResponseFormat{FormatJSON, FormatMessagePack, FormatAuto} {
			s := influxtest.New(t, influxtest.Body(200, tt.body, "Content-Type", tt.media))
			kind := kindOf(t, client(t, s, Options{ResponseFormat: f}))
			if packed := kind == jsonscan.KindFloat; packed != (tt.body == rowsPacked) {
				t.Errorf("%q asked as %v is read as MessagePack: %v", tt.media, f, packed)
			}
		}
	}
}

// TestFormatErrors holds that refusals in MessagePack are read, and that a response which
// breaks off is an error.
func TestFormatErrors(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		o.ResponseFormat = FormatMessagePack
		s := influxtest.New(t, influxtest.Body(400, "\x81\xa5error\xbferror parsing query: found \xffEOF", "Content-Type", mediaMsgpack))
		c := client(t, s, o)
		_, err := c.Query(t.Context(), "SELECT")
		var refused *ServerError
		if !errors.As(err, &refused) || refused.Message != "error parsing query: found \ufffdEOF" {
			t.Errorf("%v", err)
		}
		s.Play(influxtest.Body(200, "\x81\xa7results\x92\x81\xa5error\xa3bad\x82\xacstatement_id\x01\xa6series\x90", "Content-Type", mediaMsgpack))
		_, err = QueryInto(t.Context(), c, []float64(nil), "SELECT")
		var failed *QueryError
		if !errors.As(err, &failed) || failed.StatementID != 0 || failed.Message != "bad" {
			t.Errorf("%v", err)
		}
		s.Play(influxtest.Body(200, rowsPacked[:len(rowsPacked)-1], "Content-Type", mediaMsgpack))
		_, err = QueryInto(t.Context(), c, []float64(nil), "SELECT")
		var short *jsonscan.ReadError
		if !errors.As(err, &short) {
			t.Errorf("%v", err)
		}
	})
}

// TestFormatTree holds the tree of a MessagePack response: numbers as in JSON, infinity as
// null.
func TestFormatTree(t *testing.T) {
	body := strings.Replace(rowsPacked, "\x91\x92\x01", "\x92\x92\x02\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00\x92\x01", 1)
	s := influxtest.New(t, influxtest.Body(200, body, "Content-Type", mediaMsgpack))
	c := client(t, s, Options{})
	r, err := c.Query(t.Context(), "SELECT v FROM m")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"values":[[2,null],[1,3]]}]}]}`
	if got := tree.String(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	values, err := QueryInto(t.Context(), c, []float64(nil), "SELECT v FROM m")
	if err != nil || len(values) != 2 || !math.IsInf(values[0], 1) {
		t.Error(values, err)
	}
}

func TestFormatOptions(t *testing.T) {
	var o *OptionError
	if _, err := New(Options{ResponseFormat: 3}); !errors.As(err, &o) || o.Field != "ResponseFormat" {
		t.Error(err)
	}
	c := client(t, influxtest.New(t), Options{})
	if _, err := c.Query(t.Context(), "SELECT 1", Format(3)); !errors.As(err, &o) || o.Field != "Format" {
		t.Error(err)
	}
	if got := fmt.Sprint(FormatJSON, FormatMessagePack, FormatAuto, ResponseFormat(9)); got != "json messagepack auto invalid" {
		t.Error(got)
	}
}
