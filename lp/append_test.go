package lp_test

import (
	"math"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/caseat"
	"github.com/pointwire/pointwire/lp"
)

func TestAppendGolden(t *testing.T) {
	measurement := func(s string) string { return string(lp.AppendMeasurement(nil, s)) }
	tag := func(k, v string) string { return string(lp.AppendTag(nil, k, v)) }
	key := func(s string) string { return string(lp.AppendFieldKey(nil, s)) }
	str := func(s string) string { return string(lp.AppendString(nil, s)) }
	float := func(v float64) string { return string(lp.AppendFloat(nil, v)) }
	float32 := func(v float32) string { return string(lp.AppendFloat32(nil, v)) }
	at := func(s string, p lp.Precision) string {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return string(lp.AppendTime(nil, v, p))
	}
	rfc3339 := func(ts int64, p lp.Precision) string { return string(lp.AppendRFC3339(nil, ts, p)) }
	for i, c := range []struct{ name, got, want string }{
		{"measurement", measurement("cpu"), "cpu"},
		{"measurement escaped", measurement("a,b c=d\"e"), `a\,b\ c=d"e`},
		{"measurement inner backslash", measurement(`a\b`), `a\b`},
		{"measurement empty", measurement(""), "_"},
		{"measurement comment", measurement("#c"), "_c"},
		{"measurement line feed", measurement("a\nb"), "a_b"},
		{"measurement trailing backslash", measurement(`a\`), "a_"},
		{"measurement backslash before comma", measurement(`a\,b`), `a_\,b`},
		{"measurement backslash before equals", measurement(`a\=b`), `a_=b`},
		{"measurement backslash before quote", measurement(`a\"b`), `a_"b`},
		{"measurement leading tab", measurement("\ta\tb"), "_a\tb"},
		{"measurement invalid UTF-8", measurement("a\xffb"), "a\uFFFDb"},
		{"tag", tag("host", "a"), ",host=a"},
		{"tag escaped", tag("a b,c=d", `e f,g=h"i`), `,a\ b\,c\=d=e\ f\,g\=h"i`},
		{"tag empty value", tag("host", ""), ""},
		{"tag empty key", tag("", "v"), ",_=v"},
		{"tag time", tag("time", "v"), ",_time=v"},
		{"tag trailing backslash", tag(`k\`, `C:\`), ",k_=C:_"},
		{"tag inner backslash", tag(`k\l`, `C:\d`), `,k\l=C:\d`},
		{"tag backslash before a comma", tag(`k\l`, `C:\,d`), `,k\l=C:_\,d`},
		{"tag two backslashes before a comma", tag(`k`, `a\\,d`), `,k=a\\\,d`},
		{"tag odd backslashes before space", tag(`k\ l`, `a\\\ b`), `,k_\ l=a\\_\ b`},
		{"tag even backslashes before space", tag(`k\\ l`, `a\\ b`), `,k\\\ l=a\\\ b`},
		{"tag line feed", tag("k\nl", "x\nadmin v=1"), `,k_l=x_admin\ v\=1`},
		{"field key", key("value"), "value="},
		{"field key escaped", key(`a b,c=d"e`), `a\ b\,c\=d\"e=`},
		{"field key empty", key(""), "_="},
		{"field key time", key("time"), "_time="},
		{"field key backslash", key(`fi\neld`), `fi\neld=`},
		{"field key odd backslashes", key(`a\,b`), `a_\,b=`},
		{"field key even backslashes", key(`a\\,b`), `a\\\,b=`},
		{"field key three backslashes", key(`a\\\ b`), `a\\_\ b=`},
		{"field key trailing backslashes", key(`a\\`), `a\_=`},
		{"string", str("hello"), `"hello"`},
		{"string empty", str(""), `""`},
		{"string escaped", str(`a "b" \c\`), `"a \"b\" \\c\\"`},
		{"string kept", str("a, b=c\n\t'd'"), "\"a, b=c\n\t'd'\""},
		{"string invalid UTF-8", str("a\xffb"), "\"a\uFFFDb\""},
		{"bool", string(lp.AppendBool(lp.AppendBool(nil, true), false)), "truefalse"},
		{"int", string(lp.AppendInt(nil, -5)), "-5i"},
		{"int min", string(lp.AppendInt(nil, math.MinInt64)), "-9223372036854775808i"},
		{"int max", string(lp.AppendInt(nil, math.MaxInt64)), "9223372036854775807i"},
		{"uint", string(lp.AppendUint(nil, math.MaxUint64)), "18446744073709551615u"},
		{"timestamp", string(lp.AppendTimestamp(nil, 1540184368785116000)), "1540184368785116000"},
		{"timestamp zero", string(lp.AppendTimestamp(nil, 0)), "0"},
		{"timestamp negative", string(lp.AppendTimestamp(nil, -1)), "-1"},
		{"float one", float(1), "1"},
		{"float zero", float(0), "0"},
		{"float negative zero", float(math.Copysign(0, -1)), "-0"},
		{"float", float(0.64), "0.64"},
		{"float 1e-6", float(1e-6), "0.000001"},
		{"float below 1e-6", float(math.Nextafter(1e-6, 0)), "9.999999999999997e-07"},
		{"float 1e21", float(1e21), "1e+21"},
		{"float below 1e21", float(999999999999999868928), "999999999999999900000"},
		{"float smallest", float(5e-324), "5e-324"},
		{"float largest", float(math.MaxFloat64), "1.7976931348623157e+308"},
		{"float NaN", float(math.NaN()), ""},
		{"float infinite", float(math.Inf(-1)), ""},
		{"float32", float32(0.1), "0.1"},
		{"float32 largest", float32(math.MaxFloat32), "3.4028235e+38"},
		{"float32 smallest", float32(math.SmallestNonzeroFloat32), "1e-45"},
		{"float32 NaN", float32(float32NaN()), ""},
		{"time", at("2009-11-10T23:00:00Z", lp.Nanosecond), "1257894000000000000"},
		{"time before 1970", at("1969-12-31T23:59:59.5Z", lp.Second), "-1"},
		{"time before 1970, ms", at("1969-12-31T23:59:59.9999Z", lp.Millisecond), "-1"},
		{"time out of range", at("2300-01-01T00:00:00Z", lp.Nanosecond), "9223372036854775806"},
		{"time out of range below", at("1600-01-01T00:00:00Z", lp.Second), "-9223372036"},
		{"RFC 3339", rfc3339(1514764800000000000, lp.Nanosecond), "2018-01-01T00:00:00Z"},
		{"RFC 3339, fraction", rfc3339(1514764800120, lp.Millisecond), "2018-01-01T00:00:00.12Z"},
		{"RFC 3339, seconds before 1970", rfc3339(-1, lp.Second), "1969-12-31T23:59:59Z"},
		{"RFC 3339, hours", rfc3339(420768, lp.Hour), "2018-01-01T00:00:00Z"},
		{"RFC 3339, latest", rfc3339(math.MaxInt64, lp.Nanosecond), "2262-04-11T23:47:16.854775806Z"},
		{"RFC 3339, out of range", rfc3339(math.MaxInt64, lp.Second), "2262-04-11T23:47:16.854775806Z"},
		{"RFC 3339, out of range below", rfc3339(math.MinInt64, lp.Minute), "1677-09-21T00:12:43.145224194Z"},
		{"RFC 3339, earliest", rfc3339(math.MinInt64, lp.Nanosecond), "1677-09-21T00:12:43.145224194Z"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s: %q, want %q", caseat.Line(i), c.name, c.got, c.want)
		}
	}
}

func float32NaN() float32 { return float32(math.NaN()) }
