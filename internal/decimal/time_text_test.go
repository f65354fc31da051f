package decimal

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire"
)

// parseTimePlain is the plain twin of ParseTime.
func parseTimePlain(s string) (int64, TimeError) {
	at, err := time.Parse(time.RFC3339Nano, s)
	for _, layout := range []string{
		"2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05",
		"2006-01-02", "2006-01", "20060102T150405Z", "20060102T150405",
	} {
		if err == nil {
			break
		}
		if len(s) < len("2006-01-02 15:04:05") && len(s) != len(layout) {
			continue // time.Parse takes fractions where none are named
		}
		if strings.Contains(layout, ":") && len(s) > 12 && (s[12] == ':' || s[11] == ' ') {
			continue // and hours of one digit, and several spaces
		}
		if !strings.Contains(layout, ":") && strings.ContainsAny(s, ".,:") {
			continue
		}
		at, err = time.Parse(layout, s)
	}
	if err != nil {
		return 0, TimeInvalid
	}
	ns, ok := timeInPlain(at, pointwire.Nanosecond)
	if !ok {
		return 0, TimeRange
	}
	return ns, 0
}

func checkParseTime(t *testing.T, s string) {
	t.Helper()
	got, err := ParseTime(s)
	want, wantErr := parseTimePlain(s)
	if got != want || err != wantErr {
		t.Fatalf("ParseTime(%q) = %d, %d, want %d, %d", s, got, err, want, wantErr)
	}
}

func TestParseTime(t *testing.T) {
	for s, want := range map[string]int64{
		"2009-11-10T23:00:00Z":                1257894000000000000,
		"2018-01-01 00:00:00":                 1514764800000000000,
		"2018-01-01 00:00:00+00:00":           1514764800000000000,
		"2018-01-01T09:00:00+09:00":           1514764800000000000,
		"20180101T000000Z":                    1514764800000000000,
		"20180101T000000":                     1514764800000000000,
		"2018-01":                             1514764800000000000,
		"2017-01-01":                          1483228800000000000,
		"2018-01-01T00:00:00.123456789Z":      1514764800123456789,
		"2018-01-01T00:00:00.1234567899999Z":  1514764800123456789,
		"1969-12-31T23:59:59.5Z":              -500000000,
		"2018-08-08 15:22:33":                 1533741753000000000,
		"2018-08-08T15:22:33.123456789-23:30": 1533741753123456789 + 84600e9,
		"2262-04-11T23:47:16.854775806Z":      MaxTime,
		"1677-09-21T00:12:43.145224194Z":      MinTime,
		"2016-02-29":                          1456704000000000000,
	} {
		if got, err := ParseTime(s); got != want || err != 0 {
			t.Errorf("ParseTime(%q) = %d, %d, want %d", s, got, err, want)
		}
		checkParseTime(t, s)
	}
	for s, want := range map[string]TimeError{
		"": TimeInvalid, "foo": TimeInvalid, "2018": TimeInvalid, "2018/01/01": TimeInvalid, "2018-13": TimeInvalid, "2018-02-30": TimeInvalid,
		"2017-02-29": TimeInvalid, "1900-02-29": TimeInvalid, "2018-01-01T24:00:00Z": TimeInvalid, "2018-01-01T00:60:00Z": TimeInvalid,
		"2018-01-01T00:00:60Z": TimeInvalid, "2018-01-01t00:00:00Z": TimeInvalid, "2018-01-01T00:00:00z": TimeInvalid,
		"2018-01-01T00:00:00.Z": TimeInvalid, "2018-01-01T00:00:00 Z": TimeInvalid, "2018-01-01T00:00:00+9:00": TimeInvalid,
		"2018-01-01  00:00:00": TimeInvalid, "2018-1-1": TimeInvalid, "20180101": TimeInvalid, "20180101T0000": TimeInvalid,
		"2018-01-01T0:00:00": TimeInvalid, "2018-01-01T0:00:00.5": TimeInvalid, "+018-01-01T00:00:00Z": TimeInvalid, "now": TimeInvalid, "Aug 8 2018": TimeInvalid,
		"2262-04-11T23:47:16.854775807Z": TimeRange, "1677-09-21T00:12:43.145224193Z": TimeRange, "0001-01-01T00:00:00Z": TimeRange, "9999-12": TimeRange, "0000-01-01": TimeRange,
	} {
		if got, err := ParseTime(s); got != 0 || err != want {
			t.Errorf("ParseTime(%q) = %d, %d, want error %d", s, got, err, want)
		}
		checkParseTime(t, s)
	}
}

// TestParseTimeZones holds that the zone of the machine plays no part.
func TestParseTimeZones(t *testing.T) {
	defer func(l *time.Location) { time.Local = l }(time.Local)
	for _, zone := range []string{"UTC", "Asia/Tokyo", "Europe/Berlin", "America/New_York"} {
		l, err := time.LoadLocation(zone)
		if err != nil {
			t.Logf("%v: a fixed zone instead", err)
			l = time.FixedZone(zone, 7200)
		}
		time.Local = l
		if got, err := ParseTime("2018-07-01T00:00:00"); got != 1530403200000000000 || err != 0 {
			t.Errorf("%s: %d, %d", zone, got, err)
		}
		at := time.Unix(0, 1530403200000000000)
		if got, ok := TimeIn(at, pointwire.Second); got != 1530403200 || !ok {
			t.Errorf("%s: TimeIn %d", zone, got)
		}
	}
}

func checkTimeText(t *testing.T, ns int64) {
	t.Helper()
	var buf [64]byte
	got := string(AppendRFC3339(append(buf[:0], '='), ns))
	if want := "=" + time.Unix(0, ns).UTC().Format(time.RFC3339Nano); got != want {
		t.Fatalf("AppendRFC3339(%d) = %q, want %q", ns, got, want)
	}
	if back, err := ParseTime(got[1:]); ns >= MinTime && ns <= MaxTime && (back != ns || err != 0) {
		t.Fatalf("ParseTime(%q) = %d, %d, want %d", got[1:], back, err, ns)
	}
}

func TestTimeText(t *testing.T) {
	for _, ns := range []int64{0, 1, -1, 1e9, -1e9, 999999999, -999999999, MinTime, MaxTime, math.MinInt64, math.MaxInt64, 951782400e9, 951868799999999999, 1e18, 68169600e9 - 1} {
		checkTimeText(t, ns)
	}
	n := 300_000
	if testing.Short() {
		n = 30_000
	}
	r := rand.New(rand.NewPCG(11, 12))
	for range n {
		ns := int64(r.Uint64())
		switch r.IntN(4) {
		case 0:
			ns -= ns % 1e9
		case 1:
			ns -= ns % 1e6
		case 2:
			ns >>= r.IntN(63)
		}
		checkTimeText(t, ns)
	}
	for day := int64(-106751); day <= 106751; day++ {
		checkTimeText(t, day*secondsPerDay*1e9)
	}
}

// TestParseTimeMutations changes a byte or two of good texts: what is taken and
// what is refused is the same as with package time.
func TestParseTimeMutations(t *testing.T) {
	const alphabet = "0123456789-+:.,TtZz /\x00\x80\xff"
	n := 400_000
	if testing.Short() {
		n = 40_000
	}
	r := rand.New(rand.NewPCG(13, 14))
	var buf []byte
	for range n {
		at := time.Unix(0, int64(r.Uint64())).UTC()
		switch r.IntN(9) {
		case 0:
			buf = at.AppendFormat(buf[:0], "2006-01-02 15:04:05")
		case 1:
			buf = at.AppendFormat(buf[:0], "2006-01-02T15:04:05.000")
		case 2:
			buf = at.AppendFormat(buf[:0], "2006-01-02")
		case 3:
			buf = at.AppendFormat(buf[:0], "2006-01")
		case 4:
			buf = at.AppendFormat(buf[:0], "20060102T150405Z")
		case 5:
			buf = at.In(time.FixedZone("", r.IntN(180000)-90000)).AppendFormat(buf[:0], time.RFC3339)
		default:
			buf = at.AppendFormat(buf[:0], time.RFC3339Nano)
		}
		for range r.IntN(3) {
			i := r.IntN(len(buf))
			c := alphabet[r.IntN(len(alphabet))]
			switch r.IntN(4) {
			case 0:
				buf = append(buf[:i], buf[i+1:]...)
			case 1:
				buf = append(buf[:i], append([]byte{c}, buf[i:]...)...)
			default:
				buf[i] = c
			}
		}
		checkParseTime(t, string(buf))
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2009-11-10T23:00:00Z", "2018-01-01 00:00:00+00:00", "20180101T000000Z", "2018-01", "1969-12-31T23:59:59.5Z", "2018-01-01T0:00:00Z"} {
		f.Add(s)
	}
	f.Fuzz(checkParseTime)
}

func FuzzTimeText(f *testing.F) {
	f.Add(int64(0))
	f.Add(int64(MinTime))
	f.Fuzz(checkTimeText)
}
