package numbers

import (
	"time"

	"github.com/pointwire/pointwire/lp"
)

// appendTime appends the time ns nanoseconds after 1970 as the time package writes it,
// with as many digits after the second as needed.
func appendTime(dst []byte, ns int64) []byte {
	return time.Unix(0, ns).UTC().AppendFormat(dst, time.RFC3339Nano)
}

var timeWriters = []entry[Writer[int64]]{
	{"time", "", writer[int64](func(dst []byte, vs []int64) []byte {
		for _, v := range vs {
			dst = append(appendTime(dst, v), '\n')
		}
		return dst
	})},
	{"pointwire", ownModule, writer[int64](func(dst []byte, vs []int64) []byte {
		for _, v := range vs {
			dst = append(lp.AppendRFC3339(dst, v, lp.Nanosecond), '\n')
		}
		return dst
	})},
}

var timeReaders = []entry[Reader[int64]]{
	{"time", "", reader[int64](func(dst []int64, texts Texts) error {
		for i, s := range texts.Text {
			t, err := time.Parse(time.RFC3339, s)
			if err != nil {
				return err
			}
			dst[i] = t.UnixNano()
		}
		return nil
	})},
	{"pointwire", ownModule, reader[int64](func(dst []int64, texts Texts) (err error) {
		for i, s := range texts.Text {
			if dst[i], err = lp.ParseTimestamp(s, lp.Nanosecond); err != nil {
				return err
			}
		}
		return nil
	})},
}
