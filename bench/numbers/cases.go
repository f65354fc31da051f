package numbers

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/valyala/fastjson/fastfloat"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

const values = 131072

// names lists the cases: writing each set, and reading those whose reading differs.
func names() []string {
	var list []string
	for _, s := range workload.FloatSets {
		list = append(list, "append-float-"+s.Name)
	}
	list = append(list, "append-float32-sensor", "append-float32-bits")
	for _, s := range workload.IntSets {
		list = append(list, "append-int-"+s.Name)
	}
	for _, s := range workload.FloatSets {
		list = append(list, "parse-float-"+s.Name)
	}
	for _, s := range workload.IntSets {
		list = append(list, "parse-int-"+s.Name)
	}
	return append(list, "format-rfc3339", "parse-rfc3339")
}

func cases(size float64, want func(string) bool) ([]measure.Case, error) {
	n := measure.Scale(values, size, 2*block+1)
	var list []measure.Case
	add := func(name string, make func() measure.Case) {
		if want(name) {
			list = append(list, make())
		}
	}
	for _, s := range workload.FloatSets {
		add("append-float-"+s.Name, func() measure.Case {
			return writeCase("append-float-"+s.Name, s.Make(n, 1), floatWriters)
		})
	}
	add("append-float32-sensor", func() measure.Case {
		vs := make([]float32, n)
		for i, v := range workload.FloatSets[0].Make(n, 1) {
			vs[i] = float32(v)
		}
		return writeCase("append-float32-sensor", vs, float32Writers)
	})
	add("append-float32-bits", func() measure.Case {
		r := rand.New(rand.NewPCG(1, 0x6633))
		vs := make([]float32, 0, n)
		for len(vs) < n {
			if v := math.Float32frombits(r.Uint32()); v-v == 0 {
				vs = append(vs, v)
			}
		}
		return writeCase("append-float32-bits", vs, float32Writers)
	})
	for _, s := range workload.IntSets {
		add("append-int-"+s.Name, func() measure.Case {
			writers := intWriters
			if s.Name == "timestamp" || s.Name == "sequential" {
				writers = timestampWriters
			}
			return writeCase("append-int-"+s.Name, s.Make(n, 1), writers)
		})
	}
	for _, s := range workload.FloatSets {
		add("parse-float-"+s.Name, func() measure.Case {
			return readCase("parse-float-"+s.Name, s.Make(n, 1), agreed, sameBits, floatReaders)
		})
	}
	for _, s := range workload.IntSets {
		add("parse-int-"+s.Name, func() measure.Case {
			return readCase("parse-int-"+s.Name, s.Make(n, 1), appendInt, sameInt, intReaders)
		})
	}
	// Nanoseconds anywhere in sixteen years, mostly with nine digits after the second.
	times, _ := workload.FindInts("timestamp")
	add("format-rfc3339", func() measure.Case {
		return writeCase("format-rfc3339", times.Make(n, 1), timeWriters)
	})
	add("parse-rfc3339", func() measure.Case {
		return readCase("parse-rfc3339", times.Make(n, 1), appendTime, sameInt, timeReaders)
	})
	return list, nil
}

// agreed appends v with strconv in the format of line protocol and JSON: plain from 1e-6
// to below 1e21, otherwise with an exponent.
func agreed(dst []byte, v float64) []byte {
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, v, format, -1, 64)
}

func agreed32(dst []byte, v float32) []byte {
	format := byte('f')
	if abs := float32(math.Abs(float64(v))); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, float64(v), format, -1, 32)
}

func appendInt(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }

func sameBits(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

func sameInt(a, b int64) bool { return a == b }

var floatWriters = []entry[Writer[float64]]{
	{"strconv", "", writer[float64](func(dst []byte, vs []float64) []byte {
		for _, v := range vs {
			dst = append(agreed(dst, v), '\n')
		}
		return dst
	})},
	{"pointwire", ownModule, writer[float64](func(dst []byte, vs []float64) []byte {
		for _, v := range vs {
			dst = append(lp.AppendFloat(dst, v), '\n')
		}
		return dst
	})},
}

var float32Writers = []entry[Writer[float32]]{
	{"strconv", "", writer[float32](func(dst []byte, vs []float32) []byte {
		for _, v := range vs {
			dst = append(agreed32(dst, v), '\n')
		}
		return dst
	})},
	{"pointwire", ownModule, writer[float32](func(dst []byte, vs []float32) []byte {
		for _, v := range vs {
			dst = append(lp.AppendFloat32(dst, v), '\n')
		}
		return dst
	})},
}

var intWriters = []entry[Writer[int64]]{
	{"strconv", "", writer[int64](func(dst []byte, vs []int64) []byte {
		for _, v := range vs {
			dst = append(strconv.AppendInt(dst, v, 10), "i\n"...)
		}
		return dst
	})},
	{"pointwire", ownModule, writer[int64](func(dst []byte, vs []int64) []byte {
		for _, v := range vs {
			dst = append(lp.AppendInt(dst, v), '\n')
		}
		return dst
	})},
}

var timestampWriters = []entry[Writer[int64]]{
	{"strconv", "", writer[int64](func(dst []byte, vs []int64) []byte {
		for _, v := range vs {
			dst = append(strconv.AppendInt(dst, v, 10), '\n')
		}
		return dst
	})},
	{"pointwire", ownModule, writer[int64](func(dst []byte, vs []int64) []byte {
		for _, v := range vs {
			dst = append(lp.AppendTimestamp(dst, v), '\n')
		}
		return dst
	})},
	// The stateful form used by Encoder and Schema, which keeps the first digits.
	{"pointwire-cached", ownModule, writer[int64](func(dst []byte, vs []int64) []byte {
		var c lp.TimestampCache
		for _, v := range vs {
			dst = append(c.Append(dst, v), '\n')
		}
		return dst
	})},
}

var floatReaders = []entry[Reader[float64]]{
	{"strconv", "", reader[float64](func(dst []float64, texts Texts) (err error) {
		for i, s := range texts.Text {
			if dst[i], err = strconv.ParseFloat(s, 64); err != nil {
				return err
			}
		}
		return nil
	})},
	{"fastfloat", fastModule, reader[float64](func(dst []float64, texts Texts) (err error) {
		for i, s := range texts.Text {
			if dst[i], err = fastfloat.Parse(s); err != nil {
				return err
			}
		}
		return nil
	})},
	{"pointwire", ownModule, reader[float64](func(dst []float64, texts Texts) error {
		for i, at := range texts.Start {
			switch v, form, _ := decimal.Number(texts.Buf, int(at)); form {
			case decimal.Float:
				dst[i] = math.Float64frombits(v)
			case decimal.Int:
				dst[i] = float64(int64(v))
			case decimal.Uint:
				dst[i] = float64(v)
			default:
				return fmt.Errorf("%q is not a number", texts.Text[i])
			}
		}
		return nil
	})},
}

var intReaders = []entry[Reader[int64]]{
	{"strconv", "", reader[int64](func(dst []int64, texts Texts) (err error) {
		for i, s := range texts.Text {
			if dst[i], err = strconv.ParseInt(s, 10, 64); err != nil {
				return err
			}
		}
		return nil
	})},
	{"fastfloat", fastModule, reader[int64](func(dst []int64, texts Texts) (err error) {
		for i, s := range texts.Text {
			if dst[i], err = fastfloat.ParseInt64(s); err != nil {
				return err
			}
		}
		return nil
	})},
	{"pointwire", ownModule, reader[int64](func(dst []int64, texts Texts) error {
		for i, at := range texts.Start {
			v, form, _ := decimal.Number(texts.Buf, int(at))
			if form != decimal.Int {
				return fmt.Errorf("%q is not an integer", texts.Text[i])
			}
			dst[i] = int64(v)
		}
		return nil
	})},
}
