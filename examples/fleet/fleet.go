package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pointwire/pointwire/internal/influxtest"
)

// This file is the first process: it starts the others, kills them if it is asked to, and
// counts at the end.

// Options are those of the command.
type Options struct {
	Duration   time.Duration
	Chaos      bool
	Seed       uint64
	Collectors int
	Forwarders int
	Rate       int
	Dir        string
	Servers    []string
	Out        io.Writer
}

// nodes is the number of JetStream servers.
const nodes = 3

// drainTime is how long it may take until all lines are stored.
const drainTime = 2 * time.Minute

// freeAddrs returns addresses that nobody listens on.
func freeAddrs(n int) (addrs []string, err error) {
	for range n {
		addr, err := influxtest.FreeAddr()
		if err != nil {
			return nil, err
		}
		addrs = append(addrs, addr)
	}
	return addrs, nil
}

// Run runs a fleet and returns the count.
func Run(ctx context.Context, o Options) (sum Sum, err error) {
	s := &Settings{Dir: o.Dir, Collectors: o.Collectors, Forwarders: o.Forwarders, Rate: o.Rate, Servers: o.Servers}
	if s.Dir == "" {
		if s.Dir, err = os.MkdirTemp("", "fleet"); err != nil {
			return sum, err
		}
		defer func() {
			if err == nil {
				os.RemoveAll(s.Dir)
			} else {
				err = fmt.Errorf("%w; the logs are in %s", err, s.Dir)
			}
		}()
	} else if err := os.Mkdir(s.Dir, 0o700); err != nil {
		return sum, err
	}
	if s.Dir, err = filepath.Abs(s.Dir); err != nil {
		return sum, err
	}
	addrs, err := freeAddrs(2*nodes + 2)
	if err != nil {
		return sum, err
	}
	s.Nodes, s.Routes = addrs[:nodes], addrs[nodes:2*nodes]
	f := &fleet{Settings: s, out: o.Out}
	defer func() { err = errors.Join(err, f.endAll()) }()
	if len(s.Servers) == 0 {
		s.Servers = []string{"http://" + addrs[2*nodes], "http://" + addrs[2*nodes+1]}
		if err := f.start("influxdb", len(s.Servers)); err != nil {
			return sum, err
		}
	}
	if err := f.start("node", nodes); err != nil {
		return sum, err
	}
	if err := f.prepare(ctx); err != nil {
		return sum, err
	}
	if err := errors.Join(f.start("collector", s.Collectors), f.start("forwarder", s.Forwarders)); err != nil {
		return sum, err
	}
	fmt.Fprintf(o.Out, "%d processes write for %v; their logs are in %s\n", len(f.processes), o.Duration, s.Dir)
	kills := f.watch(ctx, o)
	if sum, err = f.finish(ctx); err != nil {
		return sum, err
	}
	sum.Kills = kills
	sum.print(o.Out)
	return sum, sum.err()
}

// A fleet is its processes.
type fleet struct {
	*Settings
	out       io.Writer
	processes []*process
	roles     map[string][]*process
}

func (f *fleet) start(role string, n int) error {
	if f.roles == nil {
		f.roles = map[string][]*process{}
	}
	for i := range n {
		p, err := start(f.Settings, role, i)
		if err != nil {
			return err
		}
		f.processes = append(f.processes, p)
		f.roles[role] = append(f.roles[role], p)
	}
	return nil
}

// prepare makes the streams and the databases.
func (f *fleet) prepare(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	js, closeAll, err := connect(f.Settings)
	if err != nil {
		return err
	}
	defer closeAll()
	for _, c := range []jetstream.StreamConfig{
		{Name: "points", Subjects: []string{"points.*"}, Retention: jetstream.WorkQueuePolicy, Replicas: nodes},
		{Name: "dead", Subjects: []string{"dead.*"}, Replicas: nodes},
	} {
		if _, err := again(ctx, func(ctx context.Context) (jetstream.Stream, error) { return js.CreateOrUpdateStream(ctx, c) }); err != nil {
			return err
		}
	}
	for _, url := range f.Servers {
		c, err := clientOf(url)
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := again(ctx, func(ctx context.Context) (any, error) { return nil, c.CreateDatabase(ctx, database) }); err != nil {
			return err
		}
	}
	return nil
}

// watch waits for the time to be over, and kills processes if it is asked to.
func (f *fleet) watch(ctx context.Context, o Options) (kills int) {
	if o.Chaos {
		fmt.Fprintf(o.Out, "seed %d\n", o.Seed)
	}
	rng := rand.New(rand.NewPCG(o.Seed, 0))
	end := time.After(o.Duration)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return kills
		case <-end:
			return kills
		case <-tick.C:
		}
		if p := f.processes[rng.IntN(len(f.processes))]; o.Chaos && p.kill(time.Second) {
			kills++
			fmt.Fprintf(o.Out, "killed %s\n", p.role)
		}
	}
}

// finish lets the collectors finish, waits until the stream is empty, and counts.
func (f *fleet) finish(ctx context.Context) (sum Sum, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	for _, p := range f.roles["collector"] {
		p.end()
	}
	for _, p := range f.roles["collector"] {
		if err := p.wait(ctx); err != nil {
			return sum, err
		}
	}
	js, closeAll, err := connect(f.Settings)
	if err != nil {
		return sum, err
	}
	defer closeAll()
	if _, err := again(ctx, func(ctx context.Context) (any, error) { return nil, isEmpty(ctx, js) }); err != nil {
		return sum, err
	}
	dead, err := again(ctx, func(ctx context.Context) (jetstream.Stream, error) { return js.Stream(ctx, "dead") })
	if err != nil {
		return sum, err
	}
	sum.DeadLetters = dead.CachedInfo().State.Msgs
	return sum, f.count(ctx, &sum)
}

// isEmpty returns an error while messages are in the stream.
func isEmpty(ctx context.Context, js jetstream.JetStream) error {
	s, err := js.Stream(ctx, "points")
	if err != nil {
		return err
	}
	if n := s.CachedInfo().State.Msgs; n > 0 {
		return fmt.Errorf("%d messages are in the stream", n)
	}
	return nil
}

// endAll ends all processes.
func (f *fleet) endAll() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for _, p := range f.processes {
		p.end()
	}
	var errs []error
	for _, p := range f.processes {
		if err := p.wait(ctx); err != nil {
			p.kill(0)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
