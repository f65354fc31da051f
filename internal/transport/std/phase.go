package std

import (
	"sync"
	"time"
)

// A phaseTimer runs the limits of sending and of waiting for the header one after the
// other. net/http may report that the request was sent after it returned the response,
// so a timer that ended must not start again.
type phaseTimer struct {
	expire func()
	mu     sync.Mutex
	timer  *time.Timer
	ended  bool
}

func (l *phaseTimer) next(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	if d > 0 && !l.ended {
		l.timer = time.AfterFunc(d, l.expire)
	}
}

func (l *phaseTimer) end() {
	l.mu.Lock()
	l.ended = true
	l.mu.Unlock()
	l.next(0)
}
