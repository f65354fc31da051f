// Package whole compares clients on the whole way of points: from structs to a database of
// a real server, and from a query to structs.
//
// All clients use the same server, an InfluxDB 1.8 whose URL is in the environment variable
// POINTWIRE_SERVER; without it nothing is measured. Each writes to a database of its own,
// and all read the one that pointwire wrote. The server is another process, so the
// processor time is that of the client alone. What is written is counted by the server, and
// what is read compared with what was written.
package whole

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
)

// A Contender is a client of one database.
type Contender interface {
	// Write writes points with compressed bodies, and returns when they are stored.
	Write(points []workload.Trade) error
	// Read appends all points of the database to dst.
	Read(dst []workload.Trade) ([]workload.Trade, error)
	Close()
}

const (
	suite  = "whole"
	points = 50_000
	batch  = 5_000
)

// Suite is the suite "whole".
var Suite = measure.Suite{Name: suite, About: "structs to a real server and back", Names: names, Cases: cases}

var names = []string{"write", "query"}

func cases(size float64, want func(string) bool) (list []measure.Case, err error) {
	trades := workload.Trades(measure.Scale(points, size, 2*batch), 1)
	for _, name := range names {
		if !want(name) {
			continue
		}
		s, err := open(os.Getenv("POINTWIRE_SERVER"))
		if err != nil {
			return nil, err
		}
		c := measure.Case{Suite: suite, Name: name, Unit: "point", Units: len(trades), Base: v1Name, CPU: true, ExtraUnit: "bytes on the wire per point"}
		for _, m := range makers {
			if name == "write" && m.name == gzipName {
				continue // it writes as the other
			}
			op := measure.Op{Contender: m.name, Version: measure.Version(m.module)}
			switch {
			case s == nil:
				op.Skip = "POINTWIRE_SERVER names no server"
			case name == "write":
				err = s.writer(&op, m, trades)
			case m.unread != "":
				op.Skip = m.unread
			default:
				err = s.reader(&op, m, trades)
			}
			if err != nil {
				s.close()
				return nil, err
			}
			c.Ops = append(c.Ops, op)
		}
		if name == "query" {
			c.Unit = "row"
			c.ExtraUnit = "bytes on the wire per row"
		}
		if s != nil {
			c.Close = s.close
		}
		list = append(list, c)
	}
	return list, nil
}

// A server is the server of the suite.
type server struct {
	addr  string // host:port
	admin *fastclient.Client
	ends  []func()
	names []string // of databases
}

// open returns nil without an address.
func open(url string) (*server, error) {
	if url == "" {
		return nil, nil
	}
	admin, err := fastclient.Open(url)
	if err != nil {
		return nil, err
	}
	return &server{addr: strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/"), admin: admin}, nil
}

// close drops the databases.
func (s *server) close() {
	for _, end := range s.ends {
		end()
	}
	for _, name := range s.names {
		s.admin.DropDatabase(context.Background(), name)
	}
	s.admin.Close()
}

// database makes an empty database.
func (s *server) database(of string) (name string, err error) {
	name = fmt.Sprintf("whole_%d_%d_%s", os.Getpid(), time.Now().UnixNano(), of)
	s.names = append(s.names, name)
	return name, s.admin.CreateDatabase(context.Background(), name)
}

// writer makes op write trades.
func (s *server) writer(op *measure.Op, m maker, trades []workload.Trade) error {
	name, err := s.database(m.name)
	if err != nil {
		return err
	}
	c, err := m.open(s.addr, name)
	if err != nil {
		return err
	}
	s.ends = append(s.ends, c.Close)
	op.Run = func() error { return writeAll(c, trades) }
	op.Check = func() error {
		if err := op.Run(); err != nil {
			return err
		}
		got, err := fastclient.QueryInto(context.Background(), s.admin.WithDatabase(name), []workload.Trade(nil), readQuery)
		if err != nil {
			return err
		}
		return same(got, trades)
	}
	op.Extra = s.wire(m, name, len(trades), false, func(c Contender) error { return writeAll(c, trades) })
	return nil
}

// reader makes op read trades, which are written before.
func (s *server) reader(op *measure.Op, m maker, trades []workload.Trade) error {
	name, err := s.database(m.name)
	if err != nil {
		return err
	}
	w, err := makers[0].open(s.addr, name)
	if err != nil {
		return err
	}
	defer w.Close()
	if err := writeAll(w, trades); err != nil {
		return err
	}
	c, err := m.open(s.addr, name)
	if err != nil {
		return err
	}
	s.ends = append(s.ends, c.Close)
	var got []workload.Trade
	op.Run = func() (err error) {
		got, err = c.Read(got[:0])
		return err
	}
	op.Check = func() error {
		if err := op.Run(); err != nil {
			return err
		}
		return same(got, trades)
	}
	op.Extra = s.wire(m, name, len(trades), true, func(c Contender) error {
		_, err := c.Read(nil)
		return err
	})
	return nil
}

// wire measures the bytes that do sends, or receives, per point.
func (s *server) wire(m maker, database string, points int, received bool, do func(Contender) error) func() (float64, error) {
	return func() (float64, error) {
		p, err := newProxy(s.addr)
		if err != nil {
			return 0, err
		}
		defer p.close()
		c, err := m.open(p.addr(), database)
		if err != nil {
			return 0, err
		}
		defer c.Close()
		if err := do(c); err != nil {
			return 0, err
		}
		n := p.sent.Load()
		if received {
			n = p.received.Load()
		}
		return float64(n) / float64(points), nil
	}
}

func writeAll(c Contender, trades []workload.Trade) error {
	for part := range slices.Chunk(trades, batch) {
		if err := c.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// same compares points in any order within a time.
func same(got, want []workload.Trade) error {
	if len(got) != len(want) {
		return fmt.Errorf("%w: %d points instead of %d", measure.ErrWrong, len(got), len(want))
	}
	order := func(a, b workload.Trade) int {
		if a.Timestamp != b.Timestamp {
			return int(min(1, max(-1, a.Timestamp-b.Timestamp)))
		}
		return strings.Compare(a.TradeID, b.TradeID)
	}
	got, want = slices.SortedFunc(slices.Values(got), order), slices.SortedFunc(slices.Values(want), order)
	for i := range got {
		if got[i] != want[i] {
			return fmt.Errorf("%w: %+v instead of %+v", measure.ErrWrong, got[i], want[i])
		}
	}
	return nil
}
