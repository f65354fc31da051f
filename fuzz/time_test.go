package fuzz

import (
	"testing"
	"time"

	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/internal/decimal"
)

// looseLayouts are the forms that decimal.ParseTime accepts in addition to RFC 3339.
var looseLayouts = []string{
	"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999",
	"2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999Z0700",
	"2006-01-02", "2006-01", "20060102T150405Z07:00", "20060102T150405Z0700", "20060102T150405", "20060102",
}

// FuzzTimeText compares writing and reading the text of times with package time.
func FuzzTimeText(f *testing.F) {
	for i, s := range []string{
		"2009-11-10T23:00:00Z", "2018-01-01 00:00:00", "2018-01-01 00:00:00+00:00", "2018-01-01T09:00:00+09:00", "20180101T000000Z", "2018-01", "2017-01-01",
		"2018-01-01T00:00:00.123456789Z", "1969-12-31T23:59:59.5Z", "2018-07-01T00:00:00", "2018/01/01", "2018", "foo", "", "2009-11-10T24:00:00Z",
		"2009-11-10T23:00:00,5Z", "2009-02-30T23:00:00Z", "2009-11-10T23:00:00.Z", "2009-11-10T23:00:00+24:00", "0000-01-01T00:00:00Z",
		"9999-12-31T23:59:59.999999999-23:59", "2009-11-10T23:00:00.1234567890123Z", "2009-11-10T23:00:60Z", "2009-11-10t23:00:00z", "2009-11-10T3:00:00Z",
		"1677-09-21T00:12:43.145224194Z", "1677-09-21T00:12:43.145224193Z", "2262-04-11T23:47:16.854775806Z", "2262-04-11T23:47:16.854775807Z",
	} {
		f.Add(s, int64(i)*1e17)
	}
	f.Fuzz(func(t *testing.T, s string, ns int64) {
		if got, want := string(decimal.AppendRFC3339(around("", int(ns&63)), ns)), time.Unix(0, ns).UTC().Format(time.RFC3339Nano); got != want {
			t.Fatalf("%d is written as %q, want %q", ns, got, want)
		}
		got, bad := decimal.ParseTime(s)
		want, err := time.Parse(time.RFC3339Nano, s)
		for _, layout := range looseLayouts {
			if bad != 0 || err == nil {
				break
			}
			want, err = time.Parse(layout, s)
		}
		switch {
		case bad == 0 && (err != nil || got != want.UnixNano() || !want.Equal(time.Unix(0, got))):
			t.Fatalf("%q is %d, want %v, %v", s, got, want, err)
		case bad == decimal.TimeInvalid && err == nil:
			t.Fatalf("%q is refused, want %v", s, want)
		case bad != 0 && bad != decimal.TimeInvalid && err == nil:
			if _, ok := decimal.TimeIn(want, pointwire.Nanosecond); ok {
				t.Fatalf("%q is out of range, want %v", s, want)
			}
		}
	})
}
