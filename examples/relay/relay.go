package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/lp"
)

// A config holds the flags and the environment.
type config struct {
	url                   string
	to                    []string
	wait                  bool
	patience              time.Duration
	maxBody               int
	bodies                int
	memory                int
	dead                  string
	spool                 string
	spoolBytes            int64
	user, password, token string
	log                   *log.Logger
}

// A relay passes lines on to its targets, which it finds by name.
type relay struct {
	config
	client  *fastclient.Client
	targets map[string]*target
	idle    chan *body // memory that no request uses
	closing atomic.Bool
}

// A target is a database, with a retention policy after a slash if it is not the
// default one.
type target struct {
	*config
	name   string
	client *fastclient.Client
	writer *batch.Writer
	dead   *batch.DeadLetterFile
}

func newRelay(c config) (_ *relay, err error) {
	switch {
	case len(c.to) == 0:
		return nil, errors.New("-to must name a database")
	case c.bodies < 1 || c.maxBody < 1 || c.patience <= 0:
		return nil, errors.New("-bodies, -max-body and -patience must be positive")
	case (c.user == "") != (c.password == ""):
		return nil, errors.New("RELAY_USER and RELAY_PASSWORD need each other")
	}
	client, err := fastclient.Open(cmp.Or(c.url, "http://127.0.0.1:8086"))
	if err != nil {
		return nil, err
	}
	r := &relay{config: c, client: client, targets: map[string]*target{}, idle: make(chan *body, c.bodies)}
	for range c.bodies {
		r.idle <- new(body)
	}
	defer func() {
		if err != nil {
			r.close(context.Background())
		}
	}()
	for _, dir := range []string{c.dead, c.spool} {
		if dir == "" {
			continue
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	for _, name := range c.to {
		if err := r.addTarget(name); err != nil {
			return nil, fmt.Errorf("-to %q: %w", name, err)
		}
	}
	return r, nil
}

func (r *relay) addTarget(name string) error {
	db, rp, _ := strings.Cut(name, "/")
	if db == "" || r.targets[name] != nil {
		return errors.New("names no database, or one twice")
	}
	t := &target{config: &r.config, name: name}
	t.client = r.client.WithPrecision(fastclient.Nanosecond).WithDatabase(db).WithRetentionPolicy(rp)
	var err error
	if t.dead, err = batch.OpenDeadLetterFile(filepath.Join(r.dead, url.PathEscape(name)+".lp"), 1<<30); err != nil {
		return err
	}
	// A batch holds lines of many clients: Isolate makes sure that a bad line costs no
	// other client a line.
	o := batch.Options{MaxMemory: r.memory, Isolate: batch.IsolateAll, DeadLetter: t.dead, OnEvent: t.event}
	if r.spool != "" {
		o.Overflow = batch.WriteAhead
		o.Spool.Dir = filepath.Join(r.spool, url.PathEscape(name))
		o.Spool.MaxBytes = r.spoolBytes
	}
	if t.writer, err = batch.NewWriter(t.client, o); err != nil {
		return errors.Join(err, t.dead.Close())
	}
	r.targets[name] = t
	return nil
}

func (t *target) event(e batch.Event) {
	if e.Kind != batch.EventRetry {
		t.log.Printf("%s: %v: lines %d, status %d, %s %v", t.name, e.Kind, e.Lines, e.Status, e.Message, e.Err)
	}
}

// close sends what the Writers hold until ctx ends, and writes the rest to the files.
func (r *relay) close(ctx context.Context) error {
	var errs []error
	for _, t := range r.targets {
		err := t.writer.Close(ctx)
		var unsent *batch.UnsentError
		if errors.As(err, &unsent) {
			for _, b := range unsent.Batches {
				err = errors.Join(err, t.dead.Put(&batch.LostLines{
					Data: b.Data, Lines: b.Lines, NotStored: b.Lines, Reason: batch.ReasonUnsent, Seq: b.Seq, Time: time.Now(),
				}))
			}
		}
		s := t.writer.Stats()
		var spooled *batch.SpooledError
		if errors.As(err, &spooled) && s.Rejected.Lines+s.Uncertain.Lines+s.Dropped.Lines == 0 {
			err = nil // the next relay sends them
		}
		r.log.Printf("%s: %d lines taken, %d stored, %d refused, %d not sent, %d on disk", t.name,
			s.Appended.Lines, s.Acked.Lines, s.Rejected.Lines, s.Dropped.Lines, s.Spooled.Lines)
		errs = append(errs, err, t.dead.Close())
	}
	return errors.Join(append(errs, r.client.Close())...)
}

// room waits until one of the bodies is free.
func (r *relay) room(ctx context.Context) (*body, error) {
	ctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	select {
	case b := <-r.idle:
		return b, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r *relay) free(b *body) {
	b.dec.Reset(nil)
	if b.text.Cap() > 1<<20 {
		b.text = bytes.Buffer{}
	}
	r.idle <- b
}

// take passes the lines of b, whose timestamps are in p, to the Writer, or with -wait to
// the server.
func (t *target) take(ctx context.Context, b *body, p lp.Precision) error {
	ctx, cancel := context.WithTimeout(ctx, t.patience)
	defer cancel()
	var f faults
	if !t.wait {
		if err := b.relay(ctx, t.writer, p, &f); err != nil {
			return t.busy(err)
		}
		return f.response()
	}
	// A Flush of the Writer would also wait for the lines of other clients, and could not
	// tell whose lines were refused.
	w, err := batch.NewSyncWriter(t.client, batch.Options{Isolate: batch.IsolateAll, DeadLetter: &f, RetryFor: t.patience})
	if err != nil {
		return err
	}
	err = b.relay(ctx, w, p, &f)
	closeErr := w.Close(ctx)
	if s := w.Stats(); err != nil || s.Acked.Lines+s.Rejected.Lines < s.Appended.Lines {
		return t.busy(errors.Join(err, closeErr))
	}
	return f.response()
}

const (
	chunk   = 64 << 10   // bytes of lines passed to a Writer at once
	maxLine = 1<<20 - 64 // leaves space for the timestamp in a batch of a Writer
)

// relay passes the lines of b to w, with their timestamps in nanoseconds, and refused lines
// to f. The error says why w accepts no more.
func (b *body) relay(ctx context.Context, w batch.LineWriter, p lp.Precision, f *faults) error {
	b.dec.SetOptions(lp.DecoderOptions{Precision: p, MaxLine: maxLine})
	text := b.text.Bytes()
	b.dec.Reset(text)
	b.lines = b.lines[:0]
	for {
		point, err := b.dec.Next()
		var wrong *lp.SyntaxError
		switch {
		case err == io.EOF:
			return w.Append(ctx, b.lines)
		case errors.As(err, &wrong):
			line := text[wrong.Offset-int64(wrong.Column) : b.dec.InputOffset()]
			f.add(line, reason(wrong.Rule, line, wrong.Column))
			continue
		case err != nil:
			return err
		}
		if b.lines, err = point.AppendLPIn(b.lines, lp.Nanosecond); err != nil {
			f.add(point.Raw(), reasons[lp.RuleTimeRange])
			continue
		}
		if f.stored++; len(b.lines) >= chunk {
			if err := w.Append(ctx, b.lines); err != nil {
				return err
			}
			b.lines = b.lines[:0]
		}
	}
}

// busy returns the response for lines that were not accepted because of err.
func (t *target) busy(err error) error {
	var server *fastclient.ServerError
	if errors.As(err, &server) && server.Status == 404 {
		return &refusal{status: 404, message: server.Message}
	}
	after := time.Second
	if s := t.writer.Stats(); s.Down {
		after = min(max(after, time.Until(s.RetryAt)), time.Minute)
	}
	return &refusal{status: 503, message: "lines were not accepted, send them again: " + err.Error(), after: after}
}
