package main

import (
	"sync"

	"github.com/pointwire/pointwire/fastclient/batch"
)

// A keeper is a dead letter that creates its file when it gets the first lines.
type keeper struct {
	path string

	mu    sync.Mutex
	file  *batch.DeadLetterFile
	lines int
	err   error // the first
}

// Put keeps the lines.
func (k *keeper) Put(l *batch.LostLines) (err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	defer func() {
		if err == nil {
			k.lines += l.Lines
		} else if k.err == nil {
			k.err = err
		}
	}()
	if k.file == nil {
		if k.file, err = batch.OpenDeadLetterFile(k.path, 1<<30); err != nil {
			return err
		}
	}
	return k.file.Put(l)
}

func (k *keeper) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.file != nil {
		k.file.Close()
	}
}
