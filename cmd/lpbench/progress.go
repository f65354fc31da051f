package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// A progress shows what is going on: a bar that is drawn over itself on a
// terminal, and a line per step elsewhere.
type progress struct {
	w        io.Writer
	terminal bool
}

func newProgress(f *os.File) *progress {
	info, err := f.Stat()
	return &progress{w: f, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// start begins a step of so many parts, 0 if their number is not known.
func (p *progress) start(what string, parts int) *bar {
	b := &bar{p: p, what: what, of: parts, began: time.Now()}
	if !p.terminal {
		fmt.Fprintf(p.w, "%s …\n", what)
	}
	b.draw()
	return b
}

// A bar is the progress of one step. It may be used by many goroutines.
type bar struct {
	p        *progress
	what     string
	began    time.Time
	mu       sync.Mutex
	done, of int
	drawn    time.Time
}

const barWidth = 24

func (b *bar) add(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done += n
	b.draw()
}

func (b *bar) set(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = n
	b.draw()
}

// draw shows the bar at most ten times a second.
func (b *bar) draw() {
	if now := time.Now(); b.p.terminal && now.Sub(b.drawn) >= 100*time.Millisecond {
		b.drawn = now
		fmt.Fprintf(b.p.w, "\r\x1b[K%s", b.text(now.Sub(b.began)))
	}
}

func (b *bar) text(took time.Duration) string {
	if b.of == 0 {
		return fmt.Sprintf("%s: %d, %s", b.what, b.done, took.Round(time.Second))
	}
	share := min(1, float64(b.done)/float64(b.of))
	full := int(share * barWidth)
	text := fmt.Sprintf("%s [%s%s] %3.0f %%", b.what, strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), share*100)
	if share > 0.02 && share < 1 {
		left := time.Duration(float64(took) * (1 - share) / share)
		text += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return text
}

// end removes the bar.
func (b *bar) end() {
	if b.p.terminal {
		fmt.Fprint(b.p.w, "\r\x1b[K")
	}
}
