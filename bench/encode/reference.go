package encode

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// pair is a tag or a field.
type pair struct {
	key   string
	value any
}

// The characters that must be escaped at each position, as InfluxDB documents them.
var (
	measurementEscapes = strings.NewReplacer(",", `\,`, " ", `\ `)
	keyEscapes         = strings.NewReplacer(",", `\,`, " ", `\ `, "=", `\=`)
	stringEscapes      = strings.NewReplacer(`"`, `\"`, `\`, `\\`)
)

// reference writes the lines of points with only the standard library, as plainly as
// possible. All contenders are compared with it.
func reference[T any](points []T, measurement string, parts func(p *T) (tags, fields []pair, ts int64)) lines {
	var plain, sorted strings.Builder
	line := func(b *strings.Builder, tags, fields []pair, ts int64) {
		b.WriteString(measurementEscapes.Replace(measurement))
		for _, t := range tags {
			fmt.Fprintf(b, ",%s=%s", keyEscapes.Replace(t.key), keyEscapes.Replace(t.value.(string)))
		}
		for i, f := range fields {
			b.WriteByte(" ,"[min(i, 1)])
			b.WriteString(keyEscapes.Replace(f.key) + "=")
			switch v := f.value.(type) {
			case float64:
				b.WriteString(strconv.FormatFloat(v, 'f', -1, 64))
			case int64:
				b.WriteString(strconv.FormatInt(v, 10) + "i")
			case bool:
				b.WriteString(strconv.FormatBool(v))
			case string:
				b.WriteString(`"` + stringEscapes.Replace(v) + `"`)
			default:
				panic(fmt.Sprintf("%s is a %T", f.key, v))
			}
		}
		b.WriteString(" " + strconv.FormatInt(ts, 10) + "\n")
	}
	for i := range points {
		tags, fields, ts := parts(&points[i])
		line(&plain, tags, fields, ts)
		slices.SortFunc(tags, func(a, b pair) int { return strings.Compare(a.key, b.key) })
		line(&sorted, tags, fields, ts)
	}
	return lines{plain: []byte(plain.String()), sorted: []byte(sorted.String())}
}
