package batch

import (
	"cmp"
	"context"
	"errors"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/printable"
)

// This file holds what a ReplicaWriter and a ShardWriter have in common: a Writer for each server
// of a client.
//
// Invariants: the Writers know nothing of each other, so one whose server is down delays none.
// Each has its account.

// serverWriters are the Writers of several servers.
type serverWriters struct {
	writers []*Writer
	addrs   []string
	ahead   bool   // WriteAhead
	unpin   func() // lets the servers of the client change again
}

// ended is a context that has ended: an append with it does not wait.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// start makes a Writer for each server and starts them.
func (w *serverWriters) start(what string, client seam.Client, o Options) error {
	if o.Sink != nil {
		return &fastclient.OptionError{Field: "Options.Sink", Reason: "takes the place of all servers: use a Writer"}
	}
	route, err := client.Servers(!o.NoStamp)
	if err != nil {
		return err
	}
	if w.unpin, err = client.Follow(false, !o.NoStamp, route.IDs, pinned{what}); err != nil {
		return err
	}
	w.addrs, w.ahead = route.Addrs, o.Overflow == WriteAhead
	if o.Spool.Dir != "" {
		if err := os.Mkdir(o.Spool.Dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			w.unpin()
			return fileFailed("create directory", o.Spool.Dir, err)
		}
	}
	var events sync.Mutex
	for i := range route.Targets {
		one, err := w.newWriter(client, o, &route, i, &events)
		if err != nil {
			w.discard()
			return err
		}
		w.writers = append(w.writers, one)
	}
	for _, one := range w.writers {
		one.startAll()
	}
	return nil
}

// newWriter returns the Writer of server i, which is not started.
func (w *serverWriters) newWriter(client seam.Client, o Options, route *seam.Route, i int, events *sync.Mutex) (*Writer, error) {
	addr := w.addrs[i]
	o.MaxMemory = max(1, cmp.Or(o.MaxMemory, defaultMemory)/len(w.addrs)) // 0 would be the default
	if o.Spool.Dir != "" {
		o.Spool.Dir = filepath.Join(o.Spool.Dir, serverDir(addr))
	}
	if f := o.OnEvent; f != nil {
		o.OnEvent = func(ev Event) {
			ev.Addr = addr
			events.Lock()
			defer events.Unlock()
			f(ev)
		}
	}
	if d := o.DeadLetter; d != nil {
		o.DeadLetter = addressed{d, addr}
	}
	one := *route
	one.Targets = route.Targets[i : i+1]
	cfg, err := configOf(client.API(), o, one)
	if err != nil {
		return nil, err
	}
	return newWriter(cfg)
}

// addressed is a dead letter of one server.
type addressed struct {
	DeadLetter
	addr string
}

func (a addressed) Put(l *LostLines) error {
	l.Addr = a.addr
	return a.DeadLetter.Put(l)
}

// serverDir makes a name of a directory of the address of a server. Two addresses never have the
// same name: one that is not a scheme, a plain name of a host and a port also gets its hash.
func serverDir(addr string) string {
	plain := true
	name := strings.Map(func(r rune) rune {
		switch {
		case r == '.' || r == '-' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z':
			return r
		case r != ':':
			plain = false
		}
		return '_'
	}, strings.Replace(addr, "://", ":::", 1))
	if plain && strings.Count(addr, ":") <= 2 {
		return name
	}
	h := fnv.New64a()
	io.WriteString(h, addr)
	return name[:min(len(name), maxServerDir)] + "_" + strconv.FormatUint(h.Sum64(), 16)
}

// maxServerDir is how much of a long address is in the name of its directory.
const maxServerDir = 128

// release lets the servers of the client change again.
func (w *serverWriters) release() {
	if w.unpin != nil {
		w.unpin()
	}
}

// discard gives up Writers that were not started.
func (w *serverWriters) discard() {
	w.release()
	for _, one := range w.writers {
		one.discard()
	}
}

// A replicaError is an error of the Writer of one server.
type replicaError struct {
	addr string
	err  error
}

func (e *replicaError) Error() string {
	b := append(make([]byte, 0, 96), errorPrefix...)
	b = append(printable.Append(b, e.addr), ": "...)
	return string(appendCause(b, e.err))
}

func (e *replicaError) Unwrap() error { return e.err }

// each calls f for every Writer at the same time, and returns their errors in the order of
// the servers, nil where there is none.
func (w *serverWriters) each(f func(w *Writer) error) []error {
	return w.eachOf(func(_ int, w *Writer) error { return f(w) })
}

// eachOf is each with the number of the server.
func (w *serverWriters) eachOf(f func(i int, w *Writer) error) []error {
	errs := make([]error, len(w.writers))
	var wg sync.WaitGroup
	for i, one := range w.writers {
		wg.Go(func() {
			if err := f(i, one); err != nil {
				errs[i] = &replicaError{w.addrs[i], err}
			}
		})
	}
	wg.Wait()
	return errs
}

// awaitLogs returns when the logs of the servers in by have what was accepted before.
func (w *serverWriters) awaitLogs(ctx context.Context, by servers) error {
	var room [8]*logWait // for most sets, without an allocation
	waits := room[:0]
	var errs []error
	for i, one := range w.writers { // all logs begin before the first is awaited
		var x *logWait
		if by.has(i) {
			var err error
			if x, err = one.expectLogged(); err != nil {
				errs = append(errs, &replicaError{w.addrs[i], err})
			}
		}
		waits = append(waits, x)
	}
	for i, x := range waits {
		if x != nil {
			if err := w.writers[i].awaitLog(ctx, x); err != nil {
				errs = append(errs, &replicaError{w.addrs[i], err})
			}
		}
	}
	return errors.Join(errs...)
}

// ServerStats is the account of one server of a [ReplicaWriter] or a [ShardWriter].
type ServerStats struct {
	Addr  string
	Stats Stats
}

func (w *serverWriters) stats() []ServerStats {
	all := make([]ServerStats, len(w.writers))
	for i, one := range w.writers {
		all[i] = ServerStats{w.addrs[i], one.Stats()}
	}
	return all
}
