package batch

import (
	"strconv"

	"github.com/pointwire/pointwire/fastclient/batch/internal/verdict"
)

// A Loss is why lines that a [Writer] accepted are not stored by the server, or may not
// be.
type Loss uint8

const (
	_ Loss = iota
	// LossLine: the server named this line, or refused it alone or among lines that it
	// refused one and all.
	LossLine
	// LossBeyond: the line is older than the retention policy keeps.
	LossBeyond
	// LossRequest: the server refused the request as a whole and stored nothing of it.
	LossRequest
	// LossTooLarge: one line is larger than the requests the server takes.
	LossTooLarge
	// LossUncertain: the server refused lines of a request and did not say which, and
	// they were not searched for. Each line may be stored or not.
	LossUncertain
	// LossOverflow: dropped to make room, under [DropOldest].
	LossOverflow
	// LossAge: older than Options.MaxAge before it could be sent.
	LossAge
	// LossUnsent: given back by Close in an [UnsentError].
	LossUnsent

	numLosses
)

var lossNames = [numLosses]string{
	"", "line", "beyond", "request", "too_large", "uncertain", "overflow", "age", "unsent",
}

// String returns the word for the loss, as used in events and dead letter files.
func (l Loss) String() string {
	if l == 0 || l >= numLosses {
		return "loss " + strconv.Itoa(int(l))
	}
	return lossNames[l]
}

// Rejected reports whether the loss is a verdict of the server: the lines are not
// stored. Other losses are [LossUncertain] and the Writer's own: dropped lines.
func (l Loss) Rejected() bool { return l >= LossLine && l <= LossTooLarge }

// The reasons of verdicts have the numbers of their losses.
const (
	_ = uint(LossLine-Loss(verdict.ForLine)) + uint(Loss(verdict.ForLine)-LossLine)
	_ = uint(LossBeyond-Loss(verdict.ForBeyond)) + uint(Loss(verdict.ForBeyond)-LossBeyond)
	_ = uint(LossRequest-Loss(verdict.ForRequest)) + uint(Loss(verdict.ForRequest)-LossRequest)
	_ = uint(LossTooLarge-Loss(verdict.ForTooLarge)) + uint(Loss(verdict.ForTooLarge)-LossTooLarge)
	_ = uint(LossUncertain-Loss(verdict.ForUncertain)) + uint(Loss(verdict.ForUncertain)-LossUncertain)
)
