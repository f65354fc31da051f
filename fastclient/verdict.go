package fastclient

import (
	"errors"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/complaint"
)

// A writeReply is what came of one write request: an answer, or why there is
// none.
type writeReply struct {
	api     API
	status  int    // 0: no answer
	message string // all of the server's error text
	empty   bool   // the answer is empty or an empty object, of 200 and 202
	foreign bool   // nothing shows that the answer came from a database
	// refused lists the lines that the server says it refused, by number.
	refused []refusedLine
	// truncated tells that the answer was too long to be read, so that there may be
	// more of them.
	truncated bool
	// mixed tells that several servers had to store the lines and answered
	// differently, so that the message is only one of them.
	mixed      bool
	retryAfter time.Duration
	err        error // set when there is no answer
}

// A refusedLine is a line that the server names in its answer.
type refusedLine struct {
	number  int // from 1, within the request
	message string
	text    string // the beginning of the line, as far as it is quoted
}

func (r *writeReply) reset(api API) {
	*r = writeReply{api: api, refused: r.refused[:0]}
}

// An action is what to do with the lines of a request after its answer.
type action uint8

const (
	// actRetry: nothing is known to be stored; send again when the server may
	// have recovered.
	actRetry action = iota
	// actAck: every line is stored, or the server has taken it on itself.
	actAck
	// actRefused: the server refused lines. The text and the list of the answer
	// tell which, or leave it open.
	actRefused
	// actReject: the server will never take the request, and stored nothing of it.
	actReject
	// actUnreadable: there is an answer, and it cannot be read; few attempts.
	actUnreadable
	// actKeep: the operator has to put something right; send again later.
	actKeep
	// actMissing is actKeep because database, bucket or retention policy do not exist.
	actMissing
	// actSplit: the request is too large.
	actSplit
	// actPlain: send again without content encoding.
	actPlain
	// actDowngrade: the server does not know this write API.
	actDowngrade

	numActions
)

var actionNames = [numActions]string{
	"retry", "ack", "refused", "reject", "unreadable", "keep", "keep, database missing",
	"split", "resend plain", "downgrade",
}

func (a action) String() string { return actionNames[a] }

// fewAttempts is the number of attempts under actUnreadable.
const fewAttempts = 3

// judge returns what to do after r. It depends on nothing but r. Its rows stand
// for answers of InfluxDB 1.6.7 to 1.8.10, 2.8 and 3 Core, VictoriaMetrics,
// QuestDB and openGemini.
//
// Only what acknowledges says is an acknowledgement. An answer that bears no sign of a
// database is never a refusal for good; see signHeaders. 413 and 415 are taken at their
// word, because a proxy that says so will not pass the request on.
func judge(r *writeReply) action {
	switch {
	case errors.Is(r.err, ErrResponseTooLarge):
		return actUnreadable
	case r.err != nil || r.status < 200:
		return actRetry
	case r.status == 204, r.empty && (r.status == 200 || r.status == 202):
		return actAck
	case r.status < 400:
		return actKeep // somebody else's page, or a redirect to another address
	}
	switch r.status {
	case 401, 403:
		return actKeep
	case 405:
		return actDowngrade
	case 408, 425, 429:
		return actRetry
	case 413:
		return actSplit
	case 415:
		return actPlain
	}
	if r.foreign {
		if r.status >= 500 {
			return actRetry
		}
		return actKeep
	}
	switch r.status {
	case 400, 422:
		return judgeRefusal(r)
	case 404:
		return actMissing
	case 500:
		return judgeInternal(r)
	case 501, 505:
		return actReject
	}
	if r.status < 500 {
		return actReject
	}
	return actRetry
}

// judgeRefusal reads the text of a 400 or 422.
func judgeRefusal(r *writeReply) action {
	switch complaint.Read(r.message).Kind {
	case complaint.Request:
		return actReject
	case complaint.Body:
		return actKeep
	case complaint.Queued:
		return actAck
	}
	return actRefused
}

// judgeInternal reads the text of a 500: 1.x says it of a missing retention policy and
// of lines whose type its cache knows otherwise, the v2 path of version 3 of lines that
// it cannot parse, and clusters of points that wait for another node.
func judgeInternal(r *writeReply) action {
	switch complaint.Read(r.message).Kind {
	case complaint.Policy:
		return actMissing
	case complaint.Listed, complaint.Engine:
		return actRefused
	case complaint.Queued:
		return actAck
	}
	return actRetry
}
