package batch

import "time"

// A DeadLetter takes the lines that will not be stored, and those that may not be. Put is called by the
// goroutines that send, and under [DropOldest] by those that append, several at
// a time. While it runs they wait. An error is counted and reported as an event;
// the lines are then gone.
type DeadLetter interface {
	Put(l *LostLines) error
}

// LostLines are lines that will not be stored, or, if Loss is [LossUncertain], that may
// not be.
type LostLines struct {
	// Lines are the lines, each ended by a line feed, with their timestamps in the
	// precision of the Writer. They are valid until Put returns.
	Lines []byte
	// Count is the number of lines.
	Count int
	// Lost is the number of them that are lost. Of [LossUncertain] it is the least
	// number that is.
	Lost    int
	Loss    Loss      // why
	Status  int       // of the server's answer, 0 without one
	Message string    // of the server
	Seq     uint64    // of the batch
	Time    time.Time // now
}
