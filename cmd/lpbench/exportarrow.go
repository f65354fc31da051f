package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
)

// An ipcRequest is what the child in adapters/arrow/cmd/ipc reads from its standard input.
// Secrets are in it, and not in arguments, which all processes see.
type ipcRequest struct {
	URL, Database, RetentionPolicy, Org string
	Username, Password, Token           string
	Query, Precision                    string
	Chunk                               int
	Stream                              bool
	Measurements                        keys
}

// arrow has the child run the query and copies what it writes.
func (e *exporter) arrow(ctx context.Context, k keys, bar *term.Bar) error {
	root, err := checkout(ctx)
	if err != nil {
		return fmt.Errorf("arrow is written by a program in adapters/arrow: %w", err)
	}
	dir, err := os.MkdirTemp("", "lpbench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "ipc")
	if err := build(ctx, root, "adapters/arrow", "./cmd/ipc", file, e.progress); err != nil {
		return err
	}
	o := &e.o.server
	request, err := json.Marshal(ipcRequest{
		URL: e.o.url, Database: o.Database, RetentionPolicy: o.RetentionPolicy, Org: o.Org,
		Username: o.Username, Password: o.Password.Reveal(), Token: o.Token.Reveal(),
		Query: e.o.query, Precision: e.o.unit.String(), Chunk: e.o.chunk, Stream: e.o.stream, Measurements: k,
	})
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, file)
	ownGroup(cmd)
	cmd.Stdin = bytes.NewReader(request)
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.Stdout = writerFunc(func(p []byte) (int, error) {
		n, err := e.out.Write(p)
		bar.Note(term.Figure(float64(e.out.n)/1e6) + " MB")
		return n, err
	})
	err = cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("arrow: %w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	if _, err := fmt.Sscan(said.String(), &e.rows); err != nil {
		return fmt.Errorf("arrow: the child did not say how many rows it wrote: %w", err)
	}
	return nil
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

var _ io.Writer = writerFunc(nil)
