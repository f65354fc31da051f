package fastclient

import (
	"strings"
	"time"
)

// A writeReply is what came of one write request: an answer, or why there is
// none.
type writeReply struct {
	api     API
	status  int    // 0: no answer
	message string // the server's error text
	// refused lists the lines that the server says it refused.
	refused []refusedLine
	// dropped is the number of lines that the server says it did not store, or that
	// it calls unparsable.
	dropped int
	// truncated tells that the answer was too long to be read, so that there may be
	// more of them.
	truncated  bool
	retryAfter time.Duration
	err        error // set when there is no answer
}

// A refusedLine is a line that the server names in its answer.
type refusedLine struct {
	number  int // from 1, within the request
	message string
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
	// actAckBeyond: stored, but for lines older than the retention policy keeps.
	actAckBeyond
	// actAckRest: stored, but for some lines, which are listed or not.
	actAckRest
	// actStrip: nothing is stored because of the lines listed; send the others.
	actStrip
	// actIsolate: nothing may be stored because of some line that is not listed.
	actIsolate
	// actReject: the server will never take the request.
	actReject
	// actRetryFew: an error that is usually permanent; three attempts.
	actRetryFew
	// actKeep: the operator has to put something right; send again later.
	actKeep
	// actMissing is actKeep because database or bucket do not exist.
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
	"retry", "ack", "ack, some beyond retention", "ack the rest", "strip and resend", "isolate",
	"reject", "retry few times", "keep", "keep, database missing", "split", "resend plain", "downgrade",
}

func (a action) String() string { return actionNames[a] }

// fewAttempts is the number of attempts under actRetryFew.
const fewAttempts = 3

// judge returns what to do after r. It depends on nothing but r. Its rows stand
// for answers of InfluxDB 1.6.7 to 1.8.10, 2.7 and 3 Core, VictoriaMetrics,
// QuestDB and openGemini.
func judge(r *writeReply) action {
	switch {
	case r.err != nil || r.status < 200:
		return actRetry
	case r.status < 300:
		return actAck
	case r.status < 400:
		return actKeep // a redirect: the configured address is not the server's
	case strings.Contains(r.message, "hinted handoff queue not empty"):
		return actAck // the cluster has stored the points and will spread them
	}
	switch r.status {
	case 400, 422:
		return judgeRefusal(r)
	case 401, 403:
		return actKeep
	case 404:
		return actMissing
	case 405:
		return actDowngrade
	case 408, 425, 429:
		return actRetry
	case 413:
		return actSplit
	case 415:
		return actPlain
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

// judgeRefusal reads the text of a 400 or 422. A partial write of 1.x and 2.x
// stores the other lines; a parse error of 2.x stores none.
func judgeRefusal(r *writeReply) action {
	unparsed := unparsable(r.message) > 0
	switch {
	case strings.Contains(r.message, "points beyond retention policy") && !unparsed:
		return actAckBeyond
	case strings.Contains(r.message, "partial write"):
		return actAckRest
	case r.api == V3 && len(r.refused) > 0:
		return actStrip
	case unparsed, strings.Contains(r.message, "parse"), strings.Contains(r.message, "field type conflict"):
		return actIsolate
	}
	return actReject
}

// judgeInternal reads the text of a 500. A missing retention policy (1.x) and a
// partial write over the v2 path of 3.x never clear, though they say 500.
func judgeInternal(r *writeReply) action {
	if strings.Contains(r.message, "retention policy not found") || strings.Contains(r.message, "partial write") {
		return actRetryFew
	}
	return actRetry
}

// unparsable returns how many lines a message says could not be parsed: InfluxDB
// gives one "unable to parse" for each.
func unparsable(message string) int { return strings.Count(message, "unable to parse") }

// refusedCount returns the number of lines that the answer to a partial write
// speaks of, at least 1 and at most lines. InfluxDB 1.6.7 says dropped=0 when
// lines failed to parse.
func refusedCount(r *writeReply, lines int) int {
	n := max(r.dropped, unparsable(r.message), len(r.refused), 1)
	return min(n, lines)
}
