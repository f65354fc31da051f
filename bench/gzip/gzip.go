// Package gzip compares compressors on bodies of line protocol of every kind and size, on
// JSON responses and on random bytes. Encoders are reused as their documentation asks.
// Each run compresses the next body, and the outcome must inflate to the input. The
// compressed size is shown beside the version, since it may change with it, and measured
// as a share of the size at level 1 of klauspost/compress.
package gzip

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/internal/workload/bodies"
)

const (
	suite    = "gzip"
	baseName = "klauspost-1"
	ownName  = "pointwire"
	// sizeUnit is the unit of Op.Extra.
	sizeUnit = "of klauspost-1's size"
)

// Suite is the suite "gzip".
var Suite = measure.Suite{Name: suite, About: "bodies compressed, in processor time", Names: names, Cases: cases}

// sizes are the numbers of lines of a body. The names of cases of the first size have no
// number.
var sizes = []int{5000, 500, 100, 10}

// points maps each kind to its number of lines, so that no kind has much more than 30 MB.
var points = map[string]int{
	"trade": 131072, "cpu": 65536, "servers": 20000, "hostmon": 65536, "logs": 65536, "paths": 131072, "mixed": 40000,
}

// responses are the names of the JSON responses.
var responses = []string{"trade", "cpu2gb", "wide"}

var names = func() (list []string) {
	for _, k := range bodies.Kinds {
		for _, n := range sizes {
			list = append(list, caseName(k.Name, n))
		}
	}
	for _, a := range responses {
		list = append(list, "json-"+a)
	}
	return append(list, "random", structsCase)
}()

func caseName(kind string, n int) string {
	if n == sizes[0] {
		return kind
	}
	return fmt.Sprintf("%s-%d", kind, n)
}

// Goals are the goals of the design for the speed of our encoder and the size of its
// output.
var Goals = func() (list []measure.Goal) {
	add := func(factor, size float64, names ...string) {
		for _, name := range names {
			list = append(list,
				measure.Goal{Suite: suite, Case: name, Contender: ownName, Against: []string{baseName}, Factor: factor},
				measure.Goal{Suite: suite, Case: name, Contender: ownName, Unit: sizeUnit, Most: size})
		}
	}
	add(3.2, 1.01, "trade", "trade-500", "cpu", "cpu-500", "servers", "servers-500", "mixed", "mixed-500")
	add(2.5, 1.02, "logs", "paths")
	add(2, 1.05, "hostmon")
	list = append(list, measure.Goal{Suite: suite, Case: structsCase, Contender: ownName, Against: []string{baseName}, Factor: 2.5})
	add(3, 1.06, "trade-10", "cpu-10", "servers-10", "mixed-10", "logs-10", "paths-10", "hostmon-10")
	return list
}()

func cases(size float64, want func(string) bool) ([]measure.Case, error) {
	var list []measure.Case
	add := func(c measure.Case, err error) error {
		list = append(list, c)
		return err
	}
	for _, k := range bodies.Kinds {
		if !slices.ContainsFunc(sizes, func(n int) bool { return want(caseName(k.Name, n)) }) {
			continue
		}
		// There must be at least two bodies of the largest size.
		lines, err := k.Lines(measure.Scale(points[k.Name], size, 2*sizes[0]), 1)
		if errors.Is(err, bodies.ErrNoCounters) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, n := range sizes {
			if name := caseName(k.Name, n); want(name) {
				list := bodies.Split(lines, n)
				list = list[:min(len(list), measure.Scale(1000, size, 20))]
				if err := add(newCase(name, "point", n, list)); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, name := range responses {
		if !want("json-" + name) {
			continue
		}
		body, ok := workload.FindBody(name)
		if !ok {
			return nil, errors.New("gzip: no response " + name)
		}
		if err := add(newCase("json-"+name, "KB", 256, cut(body.Make(max(size, 0.05), 0), 256_000))); err != nil {
			return nil, err
		}
	}
	if want("random") {
		r := rand.New(rand.NewPCG(1, 2))
		b := make([]byte, measure.Scale(8_000_000, size, 512_000))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if err := add(newCase("random", "KB", 256, cut(b, 256_000))); err != nil {
			return nil, err
		}
	}
	if want(structsCase) {
		if err := add(newStructsCase(size)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// cut cuts b into bodies of n bytes.
func cut(b []byte, n int) (list [][]byte) {
	for c := range slices.Chunk(b, n) {
		if len(c) == n {
			list = append(list, c)
		}
	}
	return list
}
