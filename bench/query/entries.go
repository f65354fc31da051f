package query

import (
	"fmt"
	"io"

	"github.com/minio/simdjson-go"

	"github.com/pointwire/pointwire/internal/measure"
)

// entries returns all contenders. Each has its own state, which it reuses.
func entries() []entry {
	list := []entry{
		{rowsName, "github.com/pointwire/pointwire", newRows()},
		{"sonic-visitor", "github.com/bytedance/sonic", newSonicVisitor()},
		{"sonic", "github.com/bytedance/sonic", sonicStruct},
		{"jsoniter", "github.com/json-iterator/go", newJsoniter()},
		{"jx", "github.com/go-faster/jx", newJX()},
		{"goccy", "github.com/goccy/go-json", goccyStruct},
		{"fastjson", "github.com/valyala/fastjson", newFastjson()},
		{"jsontext", "github.com/go-json-experiment/json", newJSONText()},
		{"json-v2", "github.com/go-json-experiment/json", visitor(jsonV2)},
		{baseName, "", visitor(encodingJSON)},
		{"influxdb1-client", "github.com/influxdata/influxdb1-client", visitor(client1)},
	}
	simd := entry{"simdjson-go", "github.com/minio/simdjson-go", nil}
	if simdjson.SupportedCPU() {
		simd.contender = newSimdjson()
	}
	return append(list, simd)
}

// copyOp reads the body through a buffer of 64 KiB and does not look at it. No decoder can
// be faster.
func copyOp(a *Response) measure.Op {
	buf := make([]byte, 64<<10)
	run := func() error {
		r := a.Reader()
		n := 0
		for {
			k, err := r.Read(buf)
			n += k
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
		}
		if n != len(a.Body) {
			return fmt.Errorf("%w: read %d bytes of %d", measure.ErrWrong, n, len(a.Body))
		}
		return nil
	}
	return measure.Op{Contender: "copy", Version: measure.Version(""), Check: run, Run: run}
}
