package term

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// A Progress shows what is going on: a bar that is drawn over itself on a
// terminal, and a line per step elsewhere.
type Progress struct {
	w        io.Writer
	terminal bool
}

// NewProgress returns one that shows on f.
func NewProgress(f *os.File) *Progress { return &Progress{w: f, terminal: IsTerminal(f)} }

// Lines returns one that prints a line per step.
func Lines(w io.Writer) *Progress { return &Progress{w: w} }

// Writer returns where the progress is shown, for what is said beside it.
func (p *Progress) Writer() io.Writer { return p.w }

// Start begins a step of so many parts, 0 if their number is not known.
func (p *Progress) Start(what string, parts int) *Bar {
	b := &Bar{p: p, what: what, of: parts, began: time.Now()}
	if !p.terminal {
		fmt.Fprintf(p.w, "%s …\n", what)
	}
	b.draw()
	return b
}

// A Bar is the progress of one step. It may be used by many goroutines.
type Bar struct {
	p        *Progress
	what     string
	began    time.Time
	mu       sync.Mutex
	note     string
	done, of int
	drawn    time.Time
}

const (
	barWidth = 24
	// maxWidth keeps a bar on one line of a terminal of 80 columns: what wraps
	// cannot be drawn over.
	maxWidth = 79
)

// cut returns the first n characters of s.
func cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// Add says that n more parts are done.
func (b *Bar) Add(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done += n
	b.draw()
}

// Set says that n parts are done.
func (b *Bar) Set(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = n
	b.draw()
}

// Note says what goes on within the step.
func (b *Bar) Note(note string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.note = note
	b.draw()
}

// lineEvery is the time between two lines of a step where nothing can be drawn over.
const lineEvery = 10 * time.Second

// draw shows the bar at most ten times a second, and in a file as a line now and then.
func (b *Bar) draw() {
	now := time.Now()
	switch {
	case b.p.terminal && now.Sub(b.drawn) >= 100*time.Millisecond:
		b.drawn = now
		fmt.Fprintf(b.p.w, "\r\x1b[K%s", cut(b.text(now.Sub(b.began)), maxWidth))
	case !b.p.terminal && b.drawn.IsZero():
		b.drawn = now
	case !b.p.terminal && now.Sub(b.drawn) >= lineEvery:
		b.drawn = now
		fmt.Fprintln(b.p.w, b.text(now.Sub(b.began)))
	}
}

func (b *Bar) text(took time.Duration) string {
	if b.of == 0 {
		return b.what + ": " + strings.TrimPrefix(fmt.Sprintf("%s, %d, %s", b.note, b.done, took.Round(time.Second)), ", ")
	}
	share := min(1, float64(b.done)/float64(b.of))
	full := int(share * barWidth)
	text := fmt.Sprintf("%s [%s%s] %3.0f %%", b.what, strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), share*100)
	if share > 0.02 && share < 1 {
		left := time.Duration(float64(took) * (1 - share) / share)
		text += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	if b.note != "" {
		text += ", " + b.note
	}
	return text
}

// End removes the bar.
func (b *Bar) End() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.p.terminal {
		fmt.Fprint(b.p.w, "\r\x1b[K")
	}
}

// Terminal reports whether the progress is drawn on a terminal.
func (p *Progress) Terminal() bool { return p.terminal }

// Print prints a line where the progress is shown, above the bar.
func (b *Bar) Print(line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.p.terminal {
		fmt.Fprint(b.p.w, "\r\x1b[K")
		b.drawn = time.Time{}
	}
	fmt.Fprintln(b.p.w, line)
}
