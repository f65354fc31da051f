package deflate

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/internal/workload/bodies"
)

// A sample is a body and the name of its kind.
type sample struct {
	name string
	body []byte
}

// samples returns bodies of every kind: n lines of each kind of line protocol, and
// about as many bytes of other data.
func samples(tb testing.TB, n int) (list []sample) {
	tb.Helper()
	for _, k := range bodies.Kinds {
		lines, err := k.Lines(n, uint64(n))
		if err == bodies.ErrNoCounters {
			continue
		}
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, sample{k.Name, lines})
	}
	return append(list, others(n*150)...)
}

// others returns bodies of about n bytes that are not line protocol.
func others(n int) []sample {
	r := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, n)
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	binary := make([]byte, 0, n)
	for i := 0; len(binary) < n; i++ {
		binary = append(binary, 0, 0x80|byte(i), byte(r.Uint32()), byte(r.Uint32())&3, 0xff, 0xff, 0xff, byte(i>>8))
	}
	var cyrillic []byte
	words := []string{"сервер ", "отвечает ", "медленно, ", "температура ", "высокая. ", "память ", "свободна "}
	for len(cyrillic) < n {
		cyrillic = append(cyrillic, words[r.IntN(len(words))]...)
	}
	response, _ := workload.FindBody("trade")
	return []sample{
		{"json", head(response.Make(float64(n)/1e7, 0), n)},
		{"random", random},
		{"base64", head([]byte(base64.StdEncoding.EncodeToString(random)), n)},
		{"binary", binary},
		{"cyrillic", cyrillic},
		{"same", make([]byte, n)},
		{"marks", bytes.Repeat([]byte{0xff, 'a', 0xff, 0xff, 0x80}, n/5)}, // the byte none
		{"half", append(slices.Clone(random[:n/2]), cyrillic[:n/2]...)},
	}
}

func head(p []byte, n int) []byte { return p[:min(n, len(p))] }
