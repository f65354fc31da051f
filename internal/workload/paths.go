package workload

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Path is a point of a monitor of open files, as agents on Windows hosts send
// it: the path and the command line are tags.
type Path struct {
	Timestamp int64  `lp:",timestamp"`
	Command   string `lp:"command,tag"`
	Host      string `lp:"host,tag"`
	Path      string `lp:"path,tag"`
	Bytes     int64  `lp:"bytes"`
}

// Representable reports whether line protocol has a text for p: a tag value can
// neither end with a backslash, which would escape what follows, nor hold a line
// feed, which would end the line.
func (p *Path) Representable() bool {
	for _, v := range []string{p.Command, p.Host, p.Path} {
		if strings.HasSuffix(v, `\`) || strings.Contains(v, "\n") {
			return false
		}
	}
	return true
}

// Paths returns n points in time order. One in ten paths is a directory with its
// backslash at the end, one in twenty command lines holds a line feed (a script
// given as an argument); nothing in line protocol stands for either. The others
// need escapes for spaces and equal signs as such texts do. An encoder is to
// refuse the former and write the latter.
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
