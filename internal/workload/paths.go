package workload

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Path is a point of a monitor of open files, as agents on Windows hosts send it. The path
// and the command line are tags.
type Path struct {
	Timestamp int64  `lp:",timestamp"`
	Command   string `lp:"command,tag"`
	Host      string `lp:"host,tag"`
	Path      string `lp:"path,tag"`
	Bytes     int64  `lp:"bytes"`
}

// Representable reports whether line protocol can represent p. A tag value cannot end with
// a backslash, which would escape the next character, and cannot hold a line feed, which
// would end the line.
func (p *Path) Representable() bool {
	for _, v := range []string{p.Command, p.Host, p.Path} {
		if strings.HasSuffix(v, `\`) || strings.Contains(v, "\n") {
			return false
		}
	}
	return true
}

// Paths returns n points in time order. One in ten paths is a directory that ends with a
// backslash, and one in twenty command lines holds a line feed (a script given as an
// argument). Line protocol can represent neither, so an encoder must refuse these points.
// It must write the others, which need escapes for spaces and equals signs as such texts
// do.
func Paths(n int, seed uint64) []Path {
	r := rand.New(rand.NewPCG(seed, 0x7061746873))
	ts := GuideTrade.Timestamp
	points := make([]Path, n)
	for i := range points {
		ts += 1 + int64(r.ExpFloat64()*1e6)
		path := fmt.Sprintf(`C:\Users\svc%02d\AppData\Local\job %d`, r.IntN(40), r.IntN(1e6))
		if r.IntN(10) == 0 {
			path += `\`
		} else {
			path += `\out.tmp`
		}
		command := fmt.Sprintf("agent.exe --level=info --port=%d", 1024+r.IntN(60000))
		if r.IntN(20) == 0 {
			command = fmt.Sprintf("sh -c set -e\nadmin v=1 %d", r.IntN(1000))
		}
		points[i] = Path{
			Timestamp: ts,
			Command:   command,
			Host:      fmt.Sprintf("win-%02d.example.net", r.IntN(40)),
			Path:      path,
			Bytes:     int64(r.ExpFloat64() * 1e6),
		}
	}
	return points
}
