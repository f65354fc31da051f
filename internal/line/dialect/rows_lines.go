package dialect

import "github.com/pointwire/pointwire/internal/line"

// lineRows are about where lines begin and end and about white space.
var lineRows = []Row{
	{
		Name: "text after the closing quote",
		Body: "m v=\"a\"b 1\n",
		Own:  "refused",
		Rule: line.AfterQuote,
		Reads: map[Reader]string{
			InfluxDB16: `"m" | "v"="a\"" @1`,
			InfluxDB18: `"m" | "v"="a\"" @1`,
			InfluxDB2:  `"m" | "v"="a\"" @1`,
		},
	},
	{
		Name: "bad line beside a good one",
		Body: "m v=1 1\nm v= 2\n",
		Own:  `"m" | "v"=1 @1; refused`,
		Rule: line.NoFieldValue,
		Reads: map[Reader]string{
			InfluxDB2:       "refused",
			VictoriaMetrics: "refused",
			OpenGemini:      `"m" | "v"=1 @1`,
		},
	},
	{
		Name: "comment with a double quote",
		Body: "# a=\"b\nm v=1 1\n",
		Own:  `"m" | "v"=1 @1`,
		Reads: map[Reader]string{
			InfluxDB16: "nothing",
			InfluxDB18: "nothing",
			InfluxDB2:  "nothing",
		},
	},
	{
		Name: "comment that ends with a backslash",
		Body: "# a\\\nm v=1 1\n",
		Own:  `"m" | "v"=1 @1`,
		Reads: map[Reader]string{
			InfluxDB16: "nothing",
			InfluxDB18: "nothing",
			InfluxDB2:  "nothing",
		},
	},
	{
		Name: "string without its closing quote",
		Body: "m v=\"a 1\nm v=1 1\n",
		Own:  `"m" | "v"=1 @1; refused`,
		Rule: line.OpenQuote,
		Reads: map[Reader]string{
			InfluxDB16:      "refused",
			InfluxDB18:      "refused",
			InfluxDB2:       "refused",
			LineProtocol:    "refused",
			VictoriaMetrics: "refused",
		},
	},
	{
		Name: "line feed after a quote in a field key",
		Body: " m= \"\n=1 1\n",
		Own:  "refused",
		Rule: line.NoFieldValue,
		Reads: map[Reader]string{
			InfluxDB16: `"m=" | "\"\n"=1 @1`,
			InfluxDB18: `"m=" | "\"\n"=1 @1`,
			InfluxDB2:  `"m=" | "\"\n"=1 @1`,
		},
	},
	{
		Name: "line end within what looks like a string",
		Body: " m= \"=1 1\nn v=1 1\n",
		Own:  `"n" | "v"=1 @1; refused`,
		Rule: line.CutElsewhere,
		Reads: map[Reader]string{
			InfluxDB16:      "refused",
			InfluxDB18:      "refused",
			InfluxDB2:       "refused",
			LineProtocol:    `"m=" | "\""=1 @1; "n" | "v"=1 @1`,
			VictoriaMetrics: "refused",
		},
	},
	{
		Name: "line of a carriage return",
		Body: "\r\nm v=1 1\n",
		Own:  `"m" | "v"=1 @1; refused`,
		Rule: line.CarriageReturn,
		Reads: map[Reader]string{
			InfluxDB2:       "refused",
			LineProtocol:    `"m" | "v"=1 @1`,
			VictoriaMetrics: `"m" | "v"=1 @1`,
		},
	},
	{
		Name: "line end that depends on leading white space",
		Body: " m,\\\\ =\" v=1 1\n",
		Own:  "refused",
		Rule: line.CutElsewhere,
		Reads: map[Reader]string{
			InfluxDB16:   `"m" "\\ "="\"" | "v"=1 @1`,
			InfluxDB18:   `"m" "\\ "="\"" | "v"=1 @1`,
			InfluxDB2:    `"m" "\\ "="\"" | "v"=1 @1`,
			LineProtocol: `"m" "\\ "="\"" | "v"=1 @1`,
		},
	},
	{
		Name: "carriage return",
		Body: "m v=1 1\r\n",
		Own:  "refused",
		Rule: line.CarriageReturn,
		Reads: map[Reader]string{
			LineProtocol:    `"m" | "v"=1 @1`,
			VictoriaMetrics: `"m" | "v"=1 @1`,
		},
	},
	{
		Name: "carriage return after a string",
		Body: "m v=\"a\"\r\n",
		Own:  "refused",
		Rule: line.CarriageReturn,
		Reads: map[Reader]string{
			InfluxDB16:      `"m" | "v"="a\""`,
			InfluxDB18:      `"m" | "v"="a\""`,
			InfluxDB2:       `"m" | "v"="a\""`,
			LineProtocol:    `"m" | "v"="a"`,
			VictoriaMetrics: `"m" | "v"=0`,
		},
	},
	{
		Name: "byte order mark",
		Body: "\ufeffm v=1 1\n",
		Own:  "refused",
		Rule: line.ByteOrderMark,
		Reads: map[Reader]string{
			InfluxDB16:      `"\ufeffm" | "v"=1 @1`,
			InfluxDB18:      `"\ufeffm" | "v"=1 @1`,
			InfluxDB2:       `"\ufeffm" | "v"=1 @1`,
			LineProtocol:    `"\ufeffm" | "v"=1 @1`,
			VictoriaMetrics: `"\ufeffm" | "v"=1 @1`,
		},
	},
	{
		Name: "tab before a line",
		Body: "\tm v=1 1\n",
		Own:  `"m" | "v"=1 @1`,
		Reads: map[Reader]string{
			LineProtocol:    "refused",
			VictoriaMetrics: `"\tm" | "v"=1 @1`,
		},
	},
	{
		Name: "zero byte before a line",
		Body: "\x00m v=1 1\n",
		Own:  `"m" | "v"=1 @1`,
		Reads: map[Reader]string{
			LineProtocol:    "refused",
			VictoriaMetrics: `"\x00m" | "v"=1 @1`,
		},
	},
	{
		Name: "space before a line",
		Body: " m v=1 1\n",
		Own:  `"m" | "v"=1 @1`,
		Reads: map[Reader]string{
			VictoriaMetrics: "refused",
		},
	},
	{
		Name: "tab before the fields",
		Body: "m \tv=1 1\n",
		Own:  `"m" | "v"=1 @1`,
		Reads: map[Reader]string{
			LineProtocol:    "refused",
			VictoriaMetrics: `"m" | "\tv"=1 @1`,
		},
	},
	{
		Name: "tab before the timestamp",
		Body: "m v=1 \t1\n",
		Own:  `"m" | "v"=1 @1`,
		Reads: map[Reader]string{
			LineProtocol:    "refused",
			VictoriaMetrics: "refused",
		},
	},
	{
		Name: "tab after the timestamp",
		Body: "m v=1 1\t\n",
		Own:  "refused",
		Rule: line.InvalidTimestamp,
	},
	{
		Name: "spaces after the timestamp",
		Body: "m v=1 1  \n",
		Own:  `"m" | "v"=1 @1`,
		Reads: map[Reader]string{
			VictoriaMetrics: "refused",
		},
	},
	{
		Name: "space after the fields",
		Body: "m v=1 \n",
		Own:  `"m" | "v"=1`,
	},
	{
		Name: "line of spaces",
		Body: "  \nm v=1 1\n",
		Own:  `"m" | "v"=1 @1`,
		Reads: map[Reader]string{
			VictoriaMetrics: "refused",
		},
	},
	{
		Name: "line of tabs",
		Body: "\t\nm v=1 1\n",
		Own:  `"m" | "v"=1 @1`,
		Reads: map[Reader]string{
			LineProtocol:    `"m" | "v"=1 @1; refused`,
			VictoriaMetrics: "refused",
		},
	},
	{
		Name: "comment after white space",
		Body: " # a\nm v=1 1\n",
		Own:  `"m" | "v"=1 @1`,
		Reads: map[Reader]string{
			VictoriaMetrics: "refused",
		},
	},
	{
		Name: "double quote in a field key",
		Body: "m a\"b=1 1\n",
		Own:  `"m" | "a\"b"=1 @1`,
		Reads: map[Reader]string{
			VictoriaMetrics: `"m" | "a\"b"=0`,
		},
	},
	{
		Name: "escaped double quote in a field key",
		Body: "m a\\\"b=1 1\n",
		Own:  `"m" | "a\"b"=1 @1`,
		Reads: map[Reader]string{
			LineProtocol:    `"m" | "a\\\"b"=1 @1`,
			VictoriaMetrics: `"m" | "a\\\"b"=1 @1`,
		},
	},
}
