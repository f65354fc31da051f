package fastclient

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A queryCall is what a query asks for.
type queryCall struct {
	db, rp     string
	epoch      Precision
	rfc3339    bool
	chunked    bool
	chunkSize  int
	get        bool
	gzip       bool
	pipelined  bool
	maxBytes   int64
	maxRow     int
	params     []byte // JSON object without its closing brace
	err        error  // of an option
	policy     *RetryPolicy
	idempotent bool
	deletes    bool
}

type queryOption func(*queryCall)

func (o queryOption) applyQuery(c *queryCall) { o(c) }

// Epoch asks for times as integers in units of p. The default is nanoseconds.
func Epoch(p Precision) QueryOption {
	return queryOption(func(c *queryCall) {
		if !p.Valid() {
			c.err = &OptionError{"Epoch", "is not one of the declared precisions"}
		}
		c.epoch, c.rfc3339 = p, false
	})
}

// RFC3339 asks for times as text, as the server writes them. Row.Time reads
// both.
func RFC3339() QueryOption { return queryOption(func(c *queryCall) { c.rfc3339 = true }) }

// Chunked asks for the answer in chunks of n rows, which is the default with
// the server's own size of 10,000 rows, or with n of 0. The rows are the same
// either way; the server needs less memory and begins to answer earlier.
func Chunked(n int) QueryOption {
	return queryOption(func(c *queryCall) {
		if n < 0 {
			c.err = &OptionError{"Chunked", "is negative"}
		}
		c.chunked, c.chunkSize = true, n
	})
}

// Unchunked asks for the answer in one document. A server with a row limit then
// cuts series off at it, which Series.Partial tells.
func Unchunked() QueryOption { return queryOption(func(c *queryCall) { c.chunked = false }) }

// UseGET sends the query as GET, for servers and caches that want it. The
// default is POST, which keeps statements out of the logs of proxies and has no
// limit of length.
func UseGET() QueryOption { return queryOption(func(c *queryCall) { c.get = true }) }

// AcceptGzip asks for a compressed answer, whatever [Gzip].Answers says.
func AcceptGzip() QueryOption { return queryOption(func(c *queryCall) { c.gzip = true }) }

// PipelinedGzip is [AcceptGzip] with the unpacking in a goroutine of its own,
// up to 256 KiB ahead of the rows. It ends when the result is closed.
func PipelinedGzip() QueryOption {
	return queryOption(func(c *queryCall) { c.gzip, c.pipelined = true, true })
}

// MaxBytes bounds the answer, after unpacking. Beyond it reading fails with
// [ErrResponseTooLarge].
func MaxBytes(n int64) QueryOption { return queryOption(func(c *queryCall) { c.maxBytes = n }) }

// MaxRowBytes bounds the memory that one row may take, 16 MiB by default.
func MaxRowBytes(n int) QueryOption { return queryOption(func(c *queryCall) { c.maxRow = n }) }

// Param binds value to $name in the query: the server takes it as a value
// whatever it holds, never as part of the statement. Values of NaN and infinity
// cannot be bound.
func Param[T ~string | ~bool | ~float64 | ~float32 | ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32](name string, value T) QueryOption {
	return queryOption(func(c *queryCall) { c.bind(name, any(value)) })
}

// ParamTime binds t to $name, exact to the nanosecond, as in WHERE time > $t.
func ParamTime(name string, t time.Time) QueryOption {
	return queryOption(func(c *queryCall) { c.bind(name, t.UTC().Format(time.RFC3339Nano)) })
}

func (c *queryCall) bind(name string, value any) {
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		c.err = &OptionError{"Param", "has a name that is not letters, digits and underscores"}
		return
	}
	text, err := paramText(value)
	if err != nil {
		c.err = err
		return
	}
	if len(c.params) == 0 {
		c.params = append(c.params, '{')
	} else {
		c.params = append(c.params, ',')
	}
	c.params = append(strconv.AppendQuote(c.params, name), ':')
	c.params = append(c.params, text...)
}

// paramText returns the JSON of a value as InfluxDB 1.x reads it back: a number
// is a float if and only if its text holds a point.
func paramText(value any) ([]byte, error) {
	v := reflect.ValueOf(value)
	if v.Kind() == reflect.String && !utf8.ValidString(v.String()) {
		return nil, &OptionError{"Param", "is not UTF-8"}
	}
	if !v.CanFloat() {
		return json.Marshal(value)
	}
	f, bits := v.Float(), v.Type().Bits()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, &OptionError{"Param", "is not finite"}
	}
	text := strconv.AppendFloat(nil, f, 'f', -1, bits)
	if !strings.Contains(string(text), ".") {
		text = append(text, '.', '0')
	}
	return text, nil
}
