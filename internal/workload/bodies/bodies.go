// Package bodies writes the points of internal/workload and internal/hostproc as line
// protocol. Compressors are tested and measured on these bodies.
package bodies

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"time"

	"github.com/pointwire/pointwire/internal/hostproc"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// A Kind is a kind of points.
type Kind struct {
	Name string
	// Lines makes n lines, the same ones for the same seed. The kind hostmon ignores
	// the seed: its lines are the host's current counters.
	Lines func(n int, seed uint64) ([]byte, error)
}

// Kinds lists all kinds.
var Kinds = []Kind{
	{"trade", trade},
	{"cpu", cpu},
	{"servers", servers},
	{"hostmon", hostmon},
	{"logs", logs},
	{"paths", paths},
	{"mixed", mixed},
}

// Find returns the kind called name.
func Find(name string) (Kind, bool) {
	for _, k := range Kinds {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}

// Split cuts lines into bodies of n lines. It drops the lines left over.
func Split(lines []byte, n int) (list [][]byte) {
	for at, k := 0, 0; at < len(lines); {
		end := at
		for k = 0; k < n; k++ {
			i := bytes.IndexByte(lines[end:], '\n')
			if i < 0 {
				return list
			}
			end += i + 1
		}
		list = append(list, lines[at:end:end])
		at = end
	}
	return list
}

func plain[T any](measurement string, points func(int, uint64) []T) func(int, uint64) ([]byte, error) {
	return func(n int, seed uint64) ([]byte, error) { return encode(nil, measurement, points(n, seed)) }
}

var (
	trade   = plain("Trade", workload.Trades)
	cpu     = plain("cpu", workload.CPUs)
	servers = plain("mysql", workload.Servers)
	logs    = plain("log", workload.Logs)
)

func encode[T any](dst []byte, measurement string, points []T) ([]byte, error) {
	s, err := lp.NewSchema[T](lp.SchemaOptions{Measurement: measurement})
	if err != nil {
		return dst, err
	}
	return s.AppendAll(dst, points)
}

// paths leaves out points that line protocol cannot represent.
func paths(n int, seed uint64) ([]byte, error) {
	points := workload.Paths(2*n, seed)
	list := points[:0]
	for i := range points {
		if points[i].Representable() && len(list) < n {
			list = append(list, points[i])
		}
	}
	return encode(nil, "path", list)
}

// mixed has trades, processors, servers and logs in random order, like the points of
// several sources that share a Writer.
func mixed(n int, seed uint64) ([]byte, error) {
	r := rand.New(rand.NewPCG(seed, 0x6d69786564))
	var kinds [4][][]byte
	for i, make := range []func(int, uint64) ([]byte, error){trade, cpu, servers, logs} {
		lines, err := make(n, seed)
		if err != nil {
			return nil, err
		}
		kinds[i] = Split(lines, 1)
	}
	var dst []byte
	for i := range n {
		dst = append(dst, kinds[r.IntN(len(kinds))][i]...)
	}
	return dst, nil
}

// ErrNoCounters is returned where the system has no /proc.
var ErrNoCounters = errors.New("bodies: no /proc")

// hostmon reads the counters of this host until it has n lines, in the order in which a
// collector sends them.
func hostmon(n int, _ uint64) (dst []byte, err error) {
	if _, err := os.Stat("/proc/stat"); err != nil {
		return nil, ErrNoCounters
	}
	var sampler hostproc.Sampler
	var s hostproc.Sample
	for got := 0; got < n; got += s.Points() {
		if err := sampler.Read(&s, time.Now()); err != nil {
			return nil, err
		}
		if dst, err = appendSample(dst, &s); err != nil {
			return nil, err
		}
	}
	if n == 0 {
		return nil, nil
	}
	return Split(dst, n)[0], nil
}

func appendSample(dst []byte, s *hostproc.Sample) ([]byte, error) {
	dst, err1 := encode(dst, "cpu", s.CPUs)
	dst, err2 := encode(dst, "memory", []hostproc.Memory{s.Memory})
	dst, err3 := encode(dst, "disk", s.Disks)
	dst, err4 := encode(dst, "network", s.Networks)
	dst, err5 := encode(dst, "process", s.Processes)
	return dst, errors.Join(err1, err2, err3, err4, err5)
}
