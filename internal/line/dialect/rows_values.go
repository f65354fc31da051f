package dialect

import (
	"strings"

	"github.com/pointwire/pointwire/internal/line"
)

// valueRows are about values, times and parts that are missing or there twice.
var valueRows = []Row{
	{
		Name: "unsigned integer",
		Body: "m v=1u 1\n",
		Own:  `"m" | "v"=1u @1`,
		Reads: map[Reader]string{
			InfluxDB16: "refused",
			InfluxDB18: "refused",
			OpenGemini: "refused",
		},
	},
	{
		Name: "field without a key after a tab",
		Body: "m \t=1,v=2 1\n",
		Own:  "refused",
		Rule: line.NoFieldKey,
		Reads: map[Reader]string{
			InfluxDB16:      `"m" | "v"=2 "val0"=1 @1`,
			InfluxDB18:      `"m" | "v"=2 "val0"=1 @1`,
			InfluxDB2:       `"m" | "v"=2 "val0"=1 @1`,
			VictoriaMetrics: `"m" | "\t"=1 "v"=2 @1`,
		},
	},
	{
		Name: "tag without a value",
		Body: "m,k= v=1 1\n",
		Own:  "refused",
		Rule: line.NoTagValue,
		Reads: map[Reader]string{
			VictoriaMetrics: `"m" | "v"=1 @1`,
		},
	},
	{
		Name: "tag without a key",
		Body: "m,=a v=1 1\n",
		Own:  "refused",
		Rule: line.NoTagKey,
		Reads: map[Reader]string{
			VictoriaMetrics: `"m" | "v"=1 @1`,
		},
	},
	{
		Name: "comma without a tag",
		Body: "m, v=1 1\n",
		Own:  "refused",
		Rule: line.NoTagKey,
	},
	{
		Name: "no measurement",
		Body: ",k=a v=1 1\n",
		Own:  "refused",
		Rule: line.NoMeasurement,
		Reads: map[Reader]string{
			VictoriaMetrics: `"" "k"="a" | "v"=1 @1`,
		},
	},
	{
		Name: "tag twice",
		Body: "m,k=a,k=b v=1 1\n",
		Own:  "refused",
		Rule: line.DuplicateTag,
		Reads: map[Reader]string{
			LineProtocol:    `"m" "k"="a" "k"="b" | "v"=1 @1`,
			VictoriaMetrics: `"m" "k"="a" "k"="b" | "v"=1 @1`,
			OpenGemini:      "refused",
		},
	},
	{
		Name: "field twice",
		Body: "m v=1,v=2 1\n",
		Own:  `"m" | "v"=1 "v"=2 @1`,
		Reads: map[Reader]string{
			InfluxDB2:  `"m" | "v"=2 @1`,
			InfluxDB16: `"m" | "v"=2 @1`,
			InfluxDB18: `"m" | "v"=2 @1`,
		},
	},
	{
		Name: "NaN",
		Body: "m v=nan 1\n",
		Own:  "refused",
		Rule: line.InvalidValue,
		Reads: map[Reader]string{
			VictoriaMetrics: `"m" | "v"=NaN @1`,
			OpenGemini:      "refused",
		},
	},
	{
		Name: "infinity",
		Body: "m v=inf 1\n",
		Own:  "refused",
		Rule: line.InvalidValue,
		Reads: map[Reader]string{
			VictoriaMetrics: `"m" | "v"=+Inf @1`,
			OpenGemini:      "refused",
		},
	},
	{
		Name: "plus sign before a number",
		Body: "m v=+1 1\n",
		Own:  "refused",
		Rule: line.InvalidValue,
		Reads: map[Reader]string{
			VictoriaMetrics: `"m" | "v"=0 @1`,
		},
	},
	{
		Name: "underscore in a number",
		Body: "m v=1_0 1\n",
		Own:  "refused",
		Rule: line.InvalidValue,
		Reads: map[Reader]string{
			LineProtocol:    `"m" | "v"=10 @1`,
			VictoriaMetrics: `"m" | "v"=0 @1`,
		},
	},
	{
		Name: "digit missing in an exponent",
		Body: "m v=1e 1\n",
		Own:  "refused",
		Rule: line.InvalidValue,
		Reads: map[Reader]string{
			VictoriaMetrics: `"m" | "v"=0 @1`,
		},
	},
	{
		Name: "number that ends with a point",
		Body: "m v=1. 1\n",
		Own:  `"m" | "v"=1 @1`,
	},
	{
		Name: "number that begins with a point",
		Body: "m v=.5 1\n",
		Own:  `"m" | "v"=0.5 @1`,
	},
	{
		Name: "hexadecimal number",
		Body: "m v=0x10 1\n",
		Own:  "refused",
		Rule: line.InvalidValue,
		Reads: map[Reader]string{
			VictoriaMetrics: `"m" | "v"=0 @1`,
		},
	},
	{
		Name: "hexadecimal float",
		Body: "m v=0x1p-2 1\n",
		Own:  "refused",
		Rule: line.InvalidValue,
		Reads: map[Reader]string{
			LineProtocol:    `"m" | "v"=0.25 @1`,
			VictoriaMetrics: `"m" | "v"=0 @1`,
		},
	},
	{
		Name: "float out of range",
		Body: "m v=1e999 1\n",
		Own:  "refused",
		Rule: line.ValueRange,
		Reads: map[Reader]string{
			VictoriaMetrics: `"m" | "v"=+Inf @1`,
		},
	},
	{
		Name: "integer out of range",
		Body: "m v=9223372036854775808i 1\n",
		Own:  "refused",
		Rule: line.ValueRange,
	},
	{
		Name: "unsigned integer out of range",
		Body: "m v=18446744073709551616u 1\n",
		Own:  "refused",
		Rule: line.ValueRange,
	},
	{
		Name: "fraction with the suffix i",
		Body: "m v=1.5i 1\n",
		Own:  "refused",
		Rule: line.InvalidValue,
	},
	{
		Name: "word as a value",
		Body: "m v=yes 1\n",
		Own:  "refused",
		Rule: line.InvalidValue,
		Reads: map[Reader]string{
			VictoriaMetrics: `"m" | "v"=0 @1`,
		},
	},
	{
		Name: "time out of range",
		Body: "m v=1 9223372036854775807\n",
		Own:  "refused",
		Rule: line.TimeRange,
		Reads: map[Reader]string{
			LineProtocol:    `"m" | "v"=1 @9223372036854775807`,
			VictoriaMetrics: `"m" | "v"=1 @9223372036854775807`,
		},
	},
	{
		Name: "time beyond 64 bits",
		Body: "m v=1 9223372036854775808\n",
		Own:  "refused",
		Rule: line.TimeRange,
	},
	{
		Name: "time with a fraction",
		Body: "m v=1 1.5\n",
		Own:  "refused",
		Rule: line.InvalidTimestamp,
	},
	{
		Name: "text after the timestamp",
		Body: "m v=1 1 x\n",
		Own:  "refused",
		Rule: line.AfterTimestamp,
	},
	{
		Name: "comma without a field",
		Body: "m v=1, 1\n",
		Own:  "refused",
		Rule: line.NoFieldKey,
	},
	{
		Name: "field without a value",
		Body: "m v= 1\n",
		Own:  "refused",
		Rule: line.NoFieldValue,
	},
	{
		Name: "no fields",
		Body: "m,k=a\n",
		Own:  "refused",
		Rule: line.NoFields,
		Reads: map[Reader]string{
			OpenGemini: "refused",
		},
	},
	{
		Name: "measurement, tags and field key too long",
		Body: "m,k=" + strings.Repeat("a", 65532) + " v=1 1\n",
		Own:  "refused",
		Rule: line.KeyTooLong,
		Reads: map[Reader]string{
			LineProtocol:    `"m" "k"="` + strings.Repeat("a", 65532) + `" | "v"=1 @1`,
			VictoriaMetrics: `"m" "k"="` + strings.Repeat("a", 65532) + `" | "v"=1 @1`,
		},
	},
}
