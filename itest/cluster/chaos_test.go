//go:build linux

package cluster

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
)

// TestCluster writes good lines through both sqls while one node at a time is killed with
// SIGKILL and started again, or paused with SIGSTOP: each store once, since a store of 1.3.1
// that is killed again may not start any more. Every acknowledged point is read back, with
// its value and time, and the account adds up at each tenth of a second. If a store cannot be
// started again for the known fault of 1.3.1, the run ends there, since another one would
// leave a single store; what was written is read back all the same.
//
// A witness between the Writer and the sqls notes what the sqls said. Points that a sql
// acknowledged, and that are lost, were lost by the cluster: the test prints them and does
// not fail. 1.3.1 does so at times: a store that was killed comes back without the first
// points that it had, and when it leads the replicas later, they cannot be read any more.
// If the cluster does not recover from an event at all, which happens on a busy machine, the
// test checks that the Writer took nothing for stored, and is skipped.
//
// POINTWIRE_CLUSTER_DIRECT=1 does without the witness, and fails for each lost point.
//
// POINTWIRE_CLUSTER_KEEP=1 keeps the data and the logs of the nodes.
//
// POINTWIRE_CLUSTER_RATE is the number of points per second, 10,000 by default.
func TestCluster(t *testing.T) {
	executables(t)
	rate := 10_000
	if s := os.Getenv("POINTWIRE_CLUSTER_RATE"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		rate = n
	}
	for i, balance := range []fastclient.Balance{fastclient.RoundRobin, fastclient.Failover} {
		t.Run([]string{"RoundRobin", "Failover"}[i], func(t *testing.T) { chaos(t, balance, rate, i == 1) })
	}
}

// down is how long a node is away.
const down = 5 * time.Second

// An event is what happens to one node.
type event struct {
	node *node
	kill bool // otherwise it is paused
}

func (e event) String() string {
	if e.kill {
		return fmt.Sprintf("kill -9 of %v", e.node)
	}
	return fmt.Sprintf("SIGSTOP of %v", e.node)
}

// chaos makes one run. swapped says which nodes are killed, and which are paused.
func chaos(t *testing.T, balance fastclient.Balance, rate int, swapped bool) {
	g := newGroup(t)
	l := newLoad(t, g, balance, rate)
	events := []event{
		{g.sql[0], true}, {g.store[0], true}, {g.sql[0], false}, {g.store[1], false}, {g.meta[0], true},
		{g.sql[1], true}, {g.store[2], true}, {g.meta[1], false}, {g.sql[1], false},
	}
	kills, pauses := 0, 0
	time.Sleep(2 * time.Second)
	for i, e := range events {
		if swapped && e.node.role != "sql" {
			e.kill = !e.kill
		}
		if e.kill {
			kills++
		} else {
			pauses++
		}
		l.during(e.String())
		before := l.w.Stats().Acked.Lines
		happen(t, e)
		ended := g.back(e.String())
		time.Sleep(3 * time.Second)
		t.Logf("%v: %d lines acked meanwhile", e, l.w.Stats().Acked.Lines-before)
		if ended != nil {
			t.Logf("%v cannot be started again, a known fault of 1.3.1: %d of %d events; the other stores must have everything", ended, i+1, len(events))
			break
		}
		if t.Failed() {
			break
		}
	}
	if err := g.takesWrites(time.Minute); err != nil {
		l.abandon()
		t.Skipf("the cluster takes no more writes, of any client: %v", err)
	}
	s := l.finish()
	if l.witness != nil {
		t.Log(l.witness)
	}
	for i := range g.sql {
		lost, repeated := l.compare(g, i)
		l.judge(g.sql[i].String(), lost)
		t.Logf("through %v: %d lines, %d kills, %d pauses, %d lost, %d repeated, longest stall %v (%s), %d requests, %d sent again, %d looks",
			g.sql[i], l.appended, kills, pauses, len(lost), repeated, l.stall.Round(time.Millisecond), l.stallAt, s.Requests, s.Retried, l.looks)
	}
}

// happen kills or pauses a node, and brings it back.
func happen(t *testing.T, e event) {
	t.Helper()
	if !e.node.running() {
		t.Errorf("%v has ended by itself", e.node)
		return
	}
	if !e.kill {
		if err := e.node.signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		time.Sleep(down)
		if err := e.node.signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := e.node.kill(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(down)
	if err := e.node.start(); err != nil {
		t.Fatal(err)
	}
}
