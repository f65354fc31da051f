package encode

import "strconv"

// handwritten is code as people write it themselves: strconv, and a loop over the bytes
// for escapes.
type handwritten[T any] struct {
	points []T
	append func(dst []byte, p *T) []byte
}

func (h *handwritten[T]) AppendLines(dst []byte, lo, hi int) ([]byte, error) {
	for i := lo; i < hi; i++ {
		dst = h.append(dst, &h.points[i])
	}
	return dst, nil
}

func handTag(dst []byte, key, value string) []byte {
	dst = append(dst, ',')
	dst = append(dst, key...)
	dst = append(dst, '=')
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case ',', ' ', '=':
			dst = append(dst, '\\')
		}
		dst = append(dst, value[i])
	}
	return dst
}

func handKey(dst []byte, sep byte, key string) []byte {
	dst = append(dst, sep)
	dst = append(dst, key...)
	return append(dst, '=')
}

func handFloat(dst []byte, sep byte, key string, v float64) []byte {
	return strconv.AppendFloat(handKey(dst, sep, key), v, 'f', -1, 64)
}

func handInt(dst []byte, sep byte, key string, v int64) []byte {
	return append(strconv.AppendInt(handKey(dst, sep, key), v, 10), 'i')
}

func handBool(dst []byte, sep byte, key string, v bool) []byte {
	return strconv.AppendBool(handKey(dst, sep, key), v)
}

func handString(dst []byte, sep byte, key, v string) []byte {
	dst = append(handKey(dst, sep, key), '"')
	for i := 0; i < len(v); i++ {
		switch v[i] {
		case '"', '\\':
			dst = append(dst, '\\')
		}
		dst = append(dst, v[i])
	}
	return append(dst, '"')
}

func handTime(dst []byte, ts int64) []byte {
	return append(strconv.AppendInt(append(dst, ' '), ts, 10), '\n')
}
