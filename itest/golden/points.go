package golden

import (
	"fmt"
	"strings"
)

// database holds the points of all cases.
const database = "golden"

// base is the first timestamp of the small measurements, 2017-07-14T02:40:00Z.
const base = 1500000000000000000

// guidePoint is the point of the user guide's quick start.
const guidePoint = "cpu_load_short,direction=in,host=server01,region=us-west value=0.64 1434055562000000000\n"

// numbers returns rows of one float, one integer, one boolean and one string field, with
// numbers whose texts are easy to get wrong. Most rows lack a field.
func numbers() string {
	floats := []string{"3", "-0", "0", "1e20", "12345678901234567890.0", "1e21", "1e-7", "1e300", "5e-324", "0.000001",
		"1.7976931348623157e308", "-1.7976931348623157e308", "2.2250738585072014e-308", "2.225073858507201e-308", "0.1", "-1.5",
		"9007199254740993", "9223372036854775808", "18446744073709551616", "123456789.123456789", "0.30000000000000004"}
	ints := []string{"-9223372036854775808", "9223372036854775807", "0", "-1", "9007199254740993", "1500000000060748059"}
	var b strings.Builder
	for i, f := range floats {
		fmt.Fprintf(&b, "numbers f=%s", f)
		if i < len(ints) {
			fmt.Fprintf(&b, ",i=%si", ints[i])
		}
		if i%3 != 0 {
			fmt.Fprintf(&b, ",b=%t", i%2 == 0)
		}
		if i%4 == 1 {
			fmt.Fprintf(&b, ",s=\"%d\"", i)
		}
		fmt.Fprintf(&b, " %d\n", base+i)
	}
	return b.String()
}

// texts returns one row for each control character and for each string that JSON treats
// specially.
func texts() string {
	values := []string{"", " ", "plain", `quote " quote`, `back \ slash`, `\`, `\\`, `"`, `C:\`, `\u0041`, "<a href='x'>&amp;</a>",
		"line\u2028separator\u2029", "é", "日本語", "😀 astral \U0010FFFF", "\u007f", "\ufffd", "\ufeff",
		"bad \xff byte", "cut \xe2\x82", "surrogate \xed\xa0\x80\xed\xb0\x80", "overlong \xc0\x80", "\xf4\x90\x80\x80",
		"null", "true", "-1.5e3", "2017-07-14T02:40:00Z", `[1,2]`, `{"a":"b"}`}
	for c := range 0x20 {
		values = append(values, fmt.Sprintf("<%c>", c))
	}
	var b strings.Builder
	for i, v := range values {
		v = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v)
		fmt.Fprintf(&b, "texts s=\"%s\" %d\n", v, base+i)
	}
	return b.String()
}

// names returns points whose measurement, tags and field keys need escapes in
// line protocol, in JSON or in both.
func names() string {
	return `names\ \,\ "q"\ <&>,tag\ \=\,key"=v\ \,\=\ \d"e,zé\	=日本語	\,\	x field\ \,\=\ key\"=1,f\a="é" ` +
		fmt.Sprint(base) + "\n" +
		"control\x01\x7f,t\x02=v\x03\u2028 f\x04=1 " + fmt.Sprint(base) + "\n"
}

// hosts returns three series of four points; their fields are sparse.
func hosts() string {
	var b strings.Builder
	for h := range 3 {
		for i := range 4 {
			fmt.Fprintf(&b, "hosts,host=h%d,region=r%d ", h, h%2)
			if (h+i)%3 == 0 {
				fmt.Fprintf(&b, "up=true,load=%d.%d %d\n", h, i, base+i*60e9)
			} else {
				fmt.Fprintf(&b, "load=%d %d\n", i, base+i*60e9)
			}
		}
	}
	return b.String()
}

// promoted returns a float field that looks like integers until its last rows.
func promoted() string {
	var b strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&b, "promoted v=%d %d\n", i, i)
	}
	b.WriteString("promoted v=-0 1500\npromoted v=0.5 1501\npromoted v=1e30 1502\n")
	return b.String()
}

// many returns 20,000 points of measurement b. v counts from 0, the time from 1 ns.
func many() string {
	var b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&b, "b v=%di %d\n", i, i+1)
	}
	return b.String()
}

// long returns a point with a string of 700,000 bytes, one in five of which
// needs an escape in JSON.
func long() string {
	return `long s="` + strings.Repeat("ab\n\tcdefg\x01h<", 700_000/13) + `" ` + fmt.Sprint(base) + "\n"
}

// logs returns 2,000 rows of text, most of them with escapes.
func logs() string {
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, "logs,app=a%d msg=\"GET /p/%x?q=\\\"%d\\\"\tstatus=%d\",ok=%t %d\n", i%3, i*2654435761%0xffffff, i, 200+i%7*50, i%7 < 3, base+i*1e6)
	}
	return b.String()
}

// wide returns rows of 60 columns. One in five is null.
func wide() string {
	var b strings.Builder
	for i := range 50 {
		b.WriteString("wide ")
		sep := ""
		for c := range 60 {
			if (i+c)%5 == 0 {
				continue
			}
			switch c % 3 {
			case 0:
				fmt.Fprintf(&b, "%sc%02d=%di", sep, c, i*c)
			case 1:
				fmt.Fprintf(&b, "%sc%02d=%d.%02d", sep, c, i, c)
			case 2:
				fmt.Fprintf(&b, "%sc%02d=%v", sep, c, float64(i+1)/float64(c+1))
			}
			sep = ","
		}
		fmt.Fprintf(&b, " %d\n", base+i*1e9)
	}
	return b.String()
}
