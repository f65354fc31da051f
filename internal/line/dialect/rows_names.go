package dialect

import "github.com/pointwire/pointwire/internal/line"

// nameRows are about what names and strings can hold, and about backslashes.
var nameRows = []Row{
	{
		Name: "comma in a field key",
		Body: "m a,b=\"x\"=\"y\" 1\n",
		Own:  "refused",
		Rule: line.NoFieldValue,
		Reads: map[Reader]string{
			InfluxDB16: `"m" | "a,b"="x\"=\"y" @1`,
			InfluxDB18: `"m" | "a,b"="x\"=\"y" @1`,
			InfluxDB2:  `"m" | "a,b"="x\"=\"y" @1`,
		},
	},
	{
		Name: "backslash before an equals sign in a measurement",
		Body: "a\\=b v=1 1\na=b v=2 2\n",
		Own:  `"a=b" | "v"=2 @2; refused`,
		Rule: line.Backslash,
		Reads: map[Reader]string{
			InfluxDB16:      `"a=b" | "v"=1 @1`,
			InfluxDB18:      `"a=b" | "v"=1 @1`,
			InfluxDB2:       `"a=b" | "v"=2 @2`,
			LineProtocol:    `"a=b" | "v"=2 @2; "a\\=b" | "v"=1 @1`,
			VictoriaMetrics: `"a=b" | "v"=1 @1; "a=b" | "v"=2 @2`,
		},
	},
	{
		Name: "backslash before a double quote in a measurement",
		Body: "a\\\"b v=1 1\na\"b v=2 2\n",
		Own:  `"a\"b" | "v"=2 @2; refused`,
		Rule: line.Backslash,
		Reads: map[Reader]string{
			InfluxDB16:      `"a\"b" | "v"=1 @1`,
			InfluxDB18:      `"a\"b" | "v"=1 @1`,
			InfluxDB2:       `"a\"b" | "v"=2 @2`,
			LineProtocol:    `"a\"b" | "v"=2 @2; "a\\\"b" | "v"=1 @1`,
			VictoriaMetrics: `"a\"b" | "v"=2 @2; "a\\\"b" | "v"=1 @1`,
		},
	},
	{
		Name: "two backslashes before a comma in a measurement",
		Body: "a\\\\,b v=1 1\n",
		Own:  "refused",
		Rule: line.Backslash,
		Reads: map[Reader]string{
			InfluxDB16:   "lost",
			InfluxDB18:   "lost",
			InfluxDB2:    "lost",
			LineProtocol: `"a\\,b" | "v"=1 @1`,
		},
	},
	{
		Name: "two backslashes before a space in a measurement",
		Body: "a\\\\ b v=1 1\n",
		Own:  "refused",
		Rule: line.Backslash,
		Reads: map[Reader]string{
			InfluxDB16:   "lost",
			InfluxDB18:   "lost",
			InfluxDB2:    "lost",
			LineProtocol: `"a\\ b" | "v"=1 @1`,
		},
	},
	{
		Name: "escaped space in a measurement",
		Body: "a\\ b v=1 1\n",
		Own:  `"a b" | "v"=1 @1`,
		Reads: map[Reader]string{
			OpenGemini: "refused",
		},
	},
	{
		Name: "escaped comma in a measurement",
		Body: "a\\,b v=1 1\n",
		Own:  `"a,b" | "v"=1 @1`,
		Reads: map[Reader]string{
			OpenGemini: "refused",
		},
	},
	{
		Name: "backslash in a measurement",
		Body: "a\\b v=1 1\n",
		Own:  `"a\\b" | "v"=1 @1`,
	},
	{
		Name: "two backslashes before the equals sign of a field",
		Body: "m a\\\\=1 1\n",
		Own:  "refused",
		Rule: line.Backslash,
		Reads: map[Reader]string{
			VictoriaMetrics: `"m" | "a\\"=1 @1`,
		},
	},
	{
		Name: "two backslashes before a double quote in a field key",
		Body: "m a\\\\\"=1,g=2 1\n",
		Own:  `"m" | "a\\\""=1 "g"=2 @1`,
		Reads: map[Reader]string{
			LineProtocol:    `"m" | "a\\\\\""=1 "g"=2 @1`,
			VictoriaMetrics: `"m" | "a\\\""=0`,
		},
	},
	{
		Name: "two backslashes before a space in a field key",
		Body: "m a\\\\ b=1 1\n",
		Own:  "refused",
		Rule: line.NoFieldValue,
		Reads: map[Reader]string{
			LineProtocol: `"m" | "a\\ b"=1 @1`,
		},
	},
	{
		Name: "escaped equals sign in a field key",
		Body: "m a\\=1=2 1\n",
		Own:  `"m" | "a=1"=2 @1`,
	},
	{
		Name: "line feed in a measurement",
		Body: "a\\\nb v=1 1\n",
		Own:  "refused",
		Rule: line.NameNewline,
		Reads: map[Reader]string{
			InfluxDB16:   `"a\\\nb" | "v"=1 @1`,
			InfluxDB18:   `"a\\\nb" | "v"=1 @1`,
			InfluxDB2:    `"a\\\nb" | "v"=1 @1`,
			LineProtocol: `"b" | "v"=1 @1; refused`,
		},
	},
	{
		Name: "line feed in a tag key",
		Body: "m,a\\\nb=c v=1 1\n",
		Own:  "refused",
		Rule: line.NameNewline,
		Reads: map[Reader]string{
			InfluxDB16:   `"m" "a\\\nb"="c" | "v"=1 @1`,
			InfluxDB18:   `"m" "a\\\nb"="c" | "v"=1 @1`,
			InfluxDB2:    `"m" "a\\\nb"="c" | "v"=1 @1`,
			LineProtocol: `"b=c" | "v"=1 @1; refused`,
		},
	},
	{
		Name: "line feed in a tag value",
		Body: "m,a=b\\\nc v=1 1\n",
		Own:  "refused",
		Rule: line.NameNewline,
		Reads: map[Reader]string{
			InfluxDB16:   `"m" "a"="b\\\nc" | "v"=1 @1`,
			InfluxDB18:   `"m" "a"="b\\\nc" | "v"=1 @1`,
			InfluxDB2:    `"m" "a"="b\\\nc" | "v"=1 @1`,
			LineProtocol: `"c" | "v"=1 @1; refused`,
		},
	},
	{
		Name: "line feed in a field key",
		Body: "m a\\\nb=1 1\n",
		Own:  "refused",
		Rule: line.NameNewline,
		Reads: map[Reader]string{
			InfluxDB16: `"m" | "a\\\nb"=1 @1`,
			InfluxDB18: `"m" | "a\\\nb"=1 @1`,
			InfluxDB2:  `"m" | "a\\\nb"=1 @1`,
		},
	},
	{
		Name: "line feed in a string",
		Body: "m v=\"a\nb\" 1\n",
		Own:  `"m" | "v"="a\nb" @1`,
		Reads: map[Reader]string{
			VictoriaMetrics: "refused",
			OpenGemini:      "refused",
		},
	},
	{
		Name: "two backslashes before a space in a tag, then a quote",
		Body: "m,a\\\\ b=\" f=1i 1\nn v=1 1\n",
		Own:  `"n" | "v"=1 @1; refused`,
		Rule: line.CutElsewhere,
		Reads: map[Reader]string{
			InfluxDB16:      "refused",
			InfluxDB18:      "refused",
			InfluxDB2:       "refused",
			LineProtocol:    `"m" "a\\ b"="\"" | "f"=1i @1; "n" | "v"=1 @1`,
			VictoriaMetrics: "refused",
		},
	},
	{
		Name: "two backslashes before a space in a tag",
		Body: "m,k=a\\\\ b v=1 1\n",
		Own:  `"m" "k"="a\\ b" | "v"=1 @1`,
		Reads: map[Reader]string{
			VictoriaMetrics: "refused",
		},
	},
	{
		Name: "three backslashes before a space in a tag",
		Body: "m,k=a\\\\\\ b v=1 1\n",
		Own:  `"m" "k"="a\\\\ b" | "v"=1 @1`,
		Reads: map[Reader]string{
			VictoriaMetrics: `"m" "k"="a\\ b" | "v"=1 @1`,
		},
	},
	{
		Name: "backslashes before separators in a tag value",
		Body: "m,k=a\\\\,b\\\\=c v=1 1\n",
		Own:  `"m" "k"="a\\,b\\=c" | "v"=1 @1`,
		Reads: map[Reader]string{
			VictoriaMetrics: `"m" "b\\"="c" "k"="a\\" | "v"=1 @1`,
		},
	},
	{
		Name: "backslashes in pairs in a tag value",
		Body: "m,k=\\\\\\\\server\\\\share v=1 1\n",
		Own:  `"m" "k"="\\\\\\\\server\\\\share" | "v"=1 @1`,
		Reads: map[Reader]string{
			VictoriaMetrics: `"m" "k"="\\\\server\\share" | "v"=1 @1`,
		},
	},
	{
		Name: "backslash before a letter in a tag value",
		Body: "m,k=C:\\Windows v=1 1\n",
		Own:  `"m" "k"="C:\\Windows" | "v"=1 @1`,
	},
	{
		Name: "backslash and n in a tag value",
		Body: "m,k=C:\\new v=1 1\n",
		Own:  `"m" "k"="C:\\new" | "v"=1 @1`,
	},
	{
		Name: "backslash and n in a string",
		Body: "m v=\"C:\\new\" 1\n",
		Own:  `"m" | "v"="C:\\new" @1`,
		Reads: map[Reader]string{
			LineProtocol: `"m" | "v"="C:\new" @1`,
		},
	},
	{
		Name: "backslash before a separator in a string",
		Body: "m v=\"a\\,b\\ c\\=d\" 1\n",
		Own:  `"m" | "v"="a\\,b\\ c\\=d" @1`,
	},
	{
		Name: "tag value that begins with an equals sign",
		Body: "m,k==a v=1 1\nm,k=\\=a v=2 2\n",
		Own:  `"m" "k"="=a" | "v"=2 @2; refused`,
		Rule: line.EqualsInTag,
		Reads: map[Reader]string{
			InfluxDB16:      `"m" "k"="=a" | "v"=1 @1`,
			InfluxDB18:      `"m" "k"="=a" | "v"=1 @1`,
			InfluxDB2:       `"m" "k"="=a" | "v"=2 @2`,
			VictoriaMetrics: `"m" "k"="=a" | "v"=1 @1; "m" "k"="=a" | "v"=2 @2`,
		},
	},
	{
		Name: "field with the key time",
		Body: "m time=1,v=2 1\n",
		Own:  "refused",
		Rule: line.ReservedKey,
		Reads: map[Reader]string{
			InfluxDB16:      `"m" | "v"=2 @1`,
			InfluxDB18:      `"m" | "v"=2 @1`,
			InfluxDB2:       `"m" | "v"=2 @1`,
			LineProtocol:    `"m" | "time"=1 "v"=2 @1`,
			VictoriaMetrics: `"m" | "time"=1 "v"=2 @1`,
		},
	},
	{
		Name: "field with the key time alone",
		Body: "m time=1 1\n",
		Own:  "refused",
		Rule: line.ReservedKey,
		Reads: map[Reader]string{
			InfluxDB16:      "refused; lost",
			InfluxDB18:      "refused; lost",
			InfluxDB2:       "refused; lost",
			LineProtocol:    `"m" | "time"=1 @1`,
			VictoriaMetrics: `"m" | "time"=1 @1`,
			OpenGemini:      "nothing",
		},
	},
	{
		Name: "tag with the key time",
		Body: "m,time=x v=1 1\n",
		Own:  "refused",
		Rule: line.ReservedKey,
		Reads: map[Reader]string{
			LineProtocol:    `"m" "time"="x" | "v"=1 @1`,
			VictoriaMetrics: `"m" "time"="x" | "v"=1 @1`,
		},
	},
	{
		Name: "tag with the key _field",
		Body: "m,_field=x v=1 1\n",
		Own:  `"m" "_field"="x" | "v"=1 @1`,
		Reads: map[Reader]string{
			InfluxDB2: "refused",
		},
	},
	{
		Name: "tag key of one zero byte",
		Body: "m,\x00=x v=1 1\n",
		Own:  `"m" "\x00"="x" | "v"=1 @1`,
		Reads: map[Reader]string{
			InfluxDB2:    "refused",
			LineProtocol: "refused",
		},
	},
	{
		Name: "tab in a measurement",
		Body: "a\tb v=1 1\n",
		Own:  `"a\tb" | "v"=1 @1`,
		Reads: map[Reader]string{
			LineProtocol: "refused",
		},
	},
	{
		Name: "tab in a tag value",
		Body: "m,k=a\tb v=1 1\n",
		Own:  `"m" "k"="a\tb" | "v"=1 @1`,
		Reads: map[Reader]string{
			LineProtocol: "refused",
		},
	},
	{
		Name: "zero byte in a tag value",
		Body: "m,k=a\x00b v=1 1\n",
		Own:  `"m" "k"="a\x00b" | "v"=1 @1`,
		Reads: map[Reader]string{
			LineProtocol: "refused",
		},
	},
	{
		Name: "control byte in a field key",
		Body: "m a\x01b=1 1\n",
		Own:  `"m" | "a\x01b"=1 @1`,
		Reads: map[Reader]string{
			LineProtocol: "refused",
		},
	},
	{
		Name: "zero byte in a string",
		Body: "m v=\"a\x00b\" 1\n",
		Own:  `"m" | "v"="a\x00b" @1`,
	},
	{
		Name: "invalid UTF-8 in a tag value",
		Body: "m,k=a\xffb v=1 1\n",
		Own:  `"m" "k"="a\xffb" | "v"=1 @1`,
		Reads: map[Reader]string{
			LineProtocol: "refused",
		},
	},
	{
		Name: "invalid UTF-8 in a string",
		Body: "m v=\"a\xffb\" 1\n",
		Own:  `"m" | "v"="a\xffb" @1`,
		Reads: map[Reader]string{
			LineProtocol: "refused",
		},
	},
	{
		Name: "equals sign in a measurement",
		Body: "a=b v=1 1\n",
		Own:  `"a=b" | "v"=1 @1`,
	},
	{
		Name: "equals sign in a tag value",
		Body: "m,k=a=b v=1 1\n",
		Own:  "refused",
		Rule: line.EqualsInTag,
		Reads: map[Reader]string{
			VictoriaMetrics: `"m" "k"="a=b" | "v"=1 @1`,
		},
	},
	{
		Name: "double quote in a tag value",
		Body: "m,k=a\"b v=1 1\n",
		Own:  `"m" "k"="a\"b" | "v"=1 @1`,
	},
}
