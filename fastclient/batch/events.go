package batch

import (
	"strconv"
	"sync"
	"time"
)

// This file declares the events of a writer and delivers them: engine.emit queues an event,
// and a goroutine, or the SyncWriter's caller, gives it to Options.OnEvent. The queue is
// bounded: events that do not fit are counted and lost, so a slow function delays no
// sender.

// An EventKind is the subject of an [Event].
type EventKind uint8

const (
	_ EventKind = iota
	// EventRetry: a request failed, as the one before did. Delay is the time to the next
	// attempt.
	EventRetry
	// EventDown: a request failed, the first one since the server last accepted or
	// refused lines. Delay is the time to the next attempt.
	EventDown
	// EventUp: the server accepts or refuses lines again.
	EventUp
	// EventRejected: the server refused lines for good.
	EventRejected
	// EventUncertain: the server refused lines that it did not name and that were not
	// found. Each of the Lines may be stored or not.
	EventUncertain
	// EventDropped: the Writer dropped lines.
	EventDropped
	// EventSplit: the server accepts no requests of more than Bytes bytes.
	EventSplit
	// EventUncompressed: the server accepts no compressed requests.
	EventUncompressed
	// EventMissing: Options.OnMissing failed.
	EventMissing
	// EventDeadLetter: the [DeadLetter] returned an error. It did not keep the lines.
	EventDeadLetter
	// EventRecovered: the Writer found lines on disk that it goes on to send. Message says
	// what was damaged.
	EventRecovered
	// EventSpooled: lines were moved from memory to disk.
	EventSpooled
	// EventSpoolFailed: the disk does not take or give batches. The rules are those of
	// [Block] until it does. Delay is the time to the next attempt.
	EventSpoolFailed
	// EventSpoolWorks: the disk takes batches again.
	EventSpoolWorks
	// EventOtherTarget: lines on disk go elsewhere, which is the Message, or cannot be
	// read. They stay on disk.
	EventOtherTarget

	numEventKinds
)

var eventNames = [numEventKinds]string{
	"", "retry", "down", "up", "rejected", "uncertain", "dropped", "split", "uncompressed", "missing", "dead_letter",
	"recovered", "spooled", "spool_failed", "spool_works", "other_target",
}

// String returns the word for the kind.
func (k EventKind) String() string {
	if k == 0 || k >= numEventKinds {
		return "event " + strconv.Itoa(int(k))
	}
	return eventNames[k]
}

// An Event is something that an operator may want to see. Fields that do not fit its kind
// are zero.
type Event struct {
	Kind    EventKind
	Time    time.Time
	Seq     uint64 // of the batch
	Lines   int
	Bytes   int
	Reason  Reason
	Status  int    // of the server's response
	Message string // of the server, with control characters escaped
	Delay   time.Duration
	Err     error
	Addr    string      // of the server, in a [ReplicaWriter]
	To      Destination // where the lines go, if Options.Route chose it
}

// eventRing is how many events wait for the user's function.
const eventRing = 256

// An events queues events for the user's function and calls it on a separate goroutine.
type events struct {
	mu    sync.Mutex
	ring  [eventRing]Event
	first int
	n     int
	lost  uint64
	f     func(Event)   // nil: no event is kept
	wake  chan struct{} // nil without a goroutine
	done  chan struct{} // closed when the goroutine has ended
}

func (e *events) start() {
	if e.f == nil {
		return
	}
	e.wake, e.done = make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(e.done)
		for range e.wake {
			e.deliver()
		}
	}()
}

// queue puts ev into the ring, or counts it as lost if the ring is full.
func (e *events) queue(ev Event) {
	if e.f == nil {
		return
	}
	e.mu.Lock()
	if e.n == eventRing {
		e.lost++
	} else {
		e.ring[(e.first+e.n)%eventRing] = ev
		e.n++
	}
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

func (e *events) take() (ev Event, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.n == 0 {
		return ev, false
	}
	ev, e.ring[e.first] = e.ring[e.first], Event{}
	e.first = (e.first + 1) % eventRing
	e.n--
	return ev, true
}

// deliver calls the user's function with the waiting events.
func (e *events) deliver() {
	for ev, ok := e.take(); ok; ev, ok = e.take() {
		e.f(ev)
	}
}

// stop lets the goroutine end when it has delivered the waiting events. No event may be
// queued after it.
func (e *events) stop() {
	if e.wake != nil {
		close(e.wake)
	}
}

func (e *events) dropped() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lost
}
