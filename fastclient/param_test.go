package fastclient

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
)

func TestParamText(t *testing.T) {
	type (
		named   float32
		text    string
		seconds time.Duration
	)
	for _, tt := range []struct {
		in   any
		want string
	}{
		{1.0, "1.0"}, {-2.5, "-2.5"}, {1e21, "1000000000000000000000.0"}, {1e-7, "0.0000001"}, {math.Copysign(0, -1), "-0.0"},
		{float32(0.1), "0.1"}, {named(0.25), "0.25"}, {int64(math.MaxInt64), "9223372036854775807"}, {true, "true"},
		{`a"b`, `"a\"b"`}, {"<", "\"\\u003c\""}, {text("a"), `"a"`}, {uint64(math.MaxInt64), "9223372036854775807"}, {uint(1), "1"},
		{time.Unix(1_500_000_000, 5).In(time.FixedZone("", 3600)), `"2017-07-14T02:40:00.000000005Z"`},
		{2 * time.Hour, `{"duration":"7200000000000ns"}`}, {-time.Nanosecond, `{"duration":"-1ns"}`}, {seconds(3), "3"},
		{kindParam{"identifier", `a"b`}, `{"identifier":"a\"b"}`}, {kindParam{"regex", `^a\.b$`}, `{"regex":"^a\\.b$"}`},
	} {
		got, err := paramText(tt.in)
		if err != nil || string(got) != tt.want {
			t.Errorf("%v: %s %v, want %s", tt.in, got, err, tt.want)
		}
	}
	for _, bad := range []any{math.NaN(), math.Inf(1), float32(math.Inf(-1)), "\xff", uint64(math.MaxInt64 + 1), kindParam{"regex", "\xff"}} {
		if _, err := paramText(bad); err == nil {
			t.Errorf("%v is no error", bad)
		}
	}
}

// TestParams checks what arrives of the options, and which of them send nothing.
func TestParams(t *testing.T) {
	s := influxtest.New(t, influxtest.JSON(`{"results":[{"statement_id":0}]}`))
	c := client(t, s, Options{})
	err := c.Exec(t.Context(), "SELECT $f FROM $m WHERE h =~ $re AND time > $t GROUP BY time($d)",
		ParamIdent("f", "load"), ParamIdent("m", "cpu"), ParamRegex("re", "^a"), Param("t", time.Unix(0, 1)), Param("d", time.Minute))
	want := `{"f":{"identifier":"load"},"m":{"identifier":"cpu"},"re":{"regex":"^a"},"t":"1970-01-01T00:00:00.000000001Z","d":{"duration":"60000000000ns"}}`
	if got := s.Last().Form.Get("params"); err != nil || got != want {
		t.Errorf("%v: %s\nwant %s", err, got, want)
	}
	sent := len(s.Requests())
	for _, bad := range []QueryOption{ParamIdent("f", ""), ParamIdent("", "f"), ParamRegex("a b", "x"), Param("t", math.NaN()), Param("", 1)} {
		var e *OptionError
		if err := c.Exec(t.Context(), "SELECT 1", bad); !errors.As(err, &e) {
			t.Errorf("%v is no OptionError", err)
		}
	}
	if n := len(s.Requests()); n != sent {
		t.Errorf("%d requests with bad options", n-sent)
	}
}
