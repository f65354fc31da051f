package decimal

import "strconv"

// AppendInt64 appends v in decimal.
func AppendInt64(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }

// AppendUint64 appends v in decimal.
func AppendUint64(dst []byte, v uint64) []byte { return strconv.AppendUint(dst, v, 10) }
