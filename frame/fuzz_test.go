package frame

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/pointwire/pointwire/jsonscan"
)

// FuzzReader compares frames with the rows of the same response, for any bytes, any
// size of frames, and with and without Merge.
func FuzzReader(f *testing.F) {
	for _, rows := range []string{
		`[1,1],[2,null],[3,0.5]`, `[1,null],[2,"x"],[3,true]`, `[1,18446744073709551615],[2,-1]`, `[null,1],[2,2]`,
		`["1970-01-01T00:00:00Z",-0],[5,1e21]`, `[1,"a\u0041"],[2,""]`,
	} {
		f.Add([]byte(response(series(rows))), int8(0), false)
		f.Add([]byte(response(series(rows), series(rows))), int8(1), true)
	}
	f.Add([]byte(response(`{"name":"m","tags":{"a":"x"},"columns":["time","v"],"values":[[1,2]]}`, `{"name":"m","tags":{"a":"y"},"columns":["time","v"],"values":[[1,2]]}`)), int8(-1), true)
	f.Add([]byte("json: unsupported value\n"+response(series(`[1,1]`))), int8(2), false)
	f.Fuzz(func(t *testing.T, body []byte, size int8, merge bool) {
		s := jsonscan.NewScanner(bytes.NewReader(body))
		s.MaxRowBytes = 1 << 20
		r := NewReader(s)
		r.Rows, r.Merge = int(size), merge
		compareRows(t, body, r)
	})
}

// FuzzEncoder compares the lines of the plan with those of lp.Encoder, for random
// frames.
func FuzzEncoder(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, seed, more uint64) {
		r := rand.New(rand.NewPCG(seed, more))
		comparePlain(t, randomFrame(r), randomOptions(r), nil)
	})
}
