package batch

import (
	"github.com/pointwire/pointwire/fastclient/internal/complaint"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

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
func judge(r *seam.Response) action {
	switch {
	case r.Unreadable:
		return actUnreadable
	case r.Status < 200:
		return actRetry
	case r.Status == 204, r.Empty && (r.Status == 200 || r.Status == 202):
		return actAck
	case r.Status < 400:
		return actKeep // somebody else's page, or a redirect to another address
	}
	switch r.Status {
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
	if r.Foreign {
		if r.Status >= 500 {
			return actRetry
		}
		return actKeep
	}
	switch r.Status {
	case 400, 422:
		return judgeRefusal(r)
	case 404:
		return actMissing
	case 500:
		return judgeInternal(r)
	case 501, 505:
		return actReject
	}
	if r.Status < 500 {
		return actReject
	}
	return actRetry
}

// judgeRefusal reads the text of a 400 or 422.
func judgeRefusal(r *seam.Response) action {
	switch complaint.Read(r.Message).Kind {
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
func judgeInternal(r *seam.Response) action {
	switch complaint.Read(r.Message).Kind {
	case complaint.Policy:
		return actMissing
	case complaint.Listed, complaint.Engine:
		return actRefused
	case complaint.Queued:
		return actAck
	}
	return actRetry
}

// replicaRank orders actions by how much of a batch is not stored.
var replicaRank = [numActions]int8{
	actAck: 0, actRefused: 1, actReject: 2, actSplit: 3, actPlain: 3, actDowngrade: 3,
	actUnreadable: 4, actRetry: 5, actKeep: 5, actMissing: 5,
}

// merge makes r, of a batch that several servers have to store, the response that decides
// about it: one that asks for another attempt before one that refuses.
func merge(r *seam.Response) {
	most := int8(-1)
	var worst *seam.Response
	for i := range r.Replicas {
		one := &r.Replicas[i]
		if rank := replicaRank[judge(one)]; rank > most {
			most, worst = rank, one
		}
	}
	if worst != nil {
		mixed, replicas := r.Mixed, r.Replicas
		*r = *worst
		r.Mixed, r.Replicas = mixed, replicas
	}
}
