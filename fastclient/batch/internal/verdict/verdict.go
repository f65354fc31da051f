// Package verdict decides what the response to a batch means for each of its lines.
//
// It works in steps. If several servers had to store the batch, [Merge] picks the response
// that decides. [Judge] reads its status, its form and its words, and returns an [Action]:
// what to do with the batch as a whole. [Decide] turns that into a [Plan]: spans of lines
// that share an [Outcome]. [Plan.Onto] moves the spans to the same lines in another unit,
// and [Gather] brings the lines that are sent again together. verdict.go has Merge and
// Judge, plan.go the rest; package complaint reads the servers' words.
//
// Invariants: the package is pure, and knows no network, no writer and no clock. A line is
// taken for stored only if a response says so, and for refused only if a database says so or
// it is too large to arrive. Where a response leaves that open, the line is sent again or
// is uncertain.
package verdict

import (
	"github.com/pointwire/pointwire/fastclient/internal/complaint"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// An Action says what to do with the lines of a request after its response.
type Action uint8

const (
	// ActRetry: no line is known to be stored; send again when the server may have
	// recovered.
	ActRetry Action = iota
	// ActAck: every line is stored, or the server has taken responsibility for it.
	ActAck
	// ActRefused: the server refused lines. The response may name them, in its text or in
	// its list, or not.
	ActRefused
	// ActReject: the server will never accept the request, and stored no line of it.
	ActReject
	// ActUnreadable: the response cannot be read; make few attempts.
	ActUnreadable
	// ActKeep: the operator has to change something; send again later.
	ActKeep
	// ActMissing is ActKeep because the database, bucket or retention policy does not
	// exist.
	ActMissing
	// ActSplit: the request is too large.
	ActSplit
	// ActPlain: send again without content encoding.
	ActPlain
	// ActDowngrade: the server does not know this write API.
	ActDowngrade

	numActions
)

var actionNames = [numActions]string{
	"retry", "ack", "refused", "reject", "unreadable", "keep", "keep, database missing",
	"split", "resend plain", "downgrade",
}

func (a Action) String() string { return actionNames[a] }

// FewAttempts is the number of attempts under ActUnreadable.
const FewAttempts = 3

// Judge returns what to do after r. It depends on r alone. Its rows are responses of
// InfluxDB 1.6.7 to 1.8.10, 2.8 and 3 Core, VictoriaMetrics, QuestDB and openGemini.
//
// A status of 2xx acknowledges only if it is 204, or 200 or 202 with an empty body or an
// empty object. A response without any sign of a database, seam.Response.Foreign, never
// refuses for good. 413 and 415 count nevertheless, because a proxy that responds with them
// will not pass the request on.
func Judge(r *seam.Response) Action {
	switch {
	case r.Unreadable:
		return ActUnreadable
	case r.Listed:
		return ActRefused
	case r.Status < 200:
		return ActRetry
	case r.Status == 204, r.Empty && (r.Status == 200 || r.Status == 202):
		return ActAck
	case r.Status < 400:
		return ActKeep // the page of another server, or a redirect
	}
	switch r.Status {
	case 401, 403:
		return ActKeep
	case 405:
		return ActDowngrade
	case 408, 425, 429:
		return ActRetry
	case 413:
		return ActSplit
	case 415:
		return ActPlain
	}
	if r.Foreign {
		if r.Status >= 500 {
			return ActRetry
		}
		return ActKeep
	}
	switch r.Status {
	case 400, 422:
		return judgeRefusal(r)
	case 404:
		return ActMissing
	case 500:
		return judgeInternal(r)
	case 501, 505:
		return ActReject
	}
	if r.Status < 500 {
		return ActReject
	}
	return ActRetry
}

// judgeRefusal judges a 400 or 422 by its text.
func judgeRefusal(r *seam.Response) Action {
	switch complaint.Read(r.Message).Kind {
	case complaint.Request:
		return ActReject
	case complaint.Body:
		return ActKeep
	case complaint.Queued:
		return ActAck
	}
	return ActRefused
}

// judgeInternal judges a 500 by its text. 1.x sends a 500 for a missing retention policy and
// for lines whose fields have another type in its cache, the version 2 path of version 3
// for lines that it cannot parse, and clusters for points that wait for another node.
func judgeInternal(r *seam.Response) Action {
	switch complaint.Read(r.Message).Kind {
	case complaint.Policy:
		return ActMissing
	case complaint.Listed, complaint.Engine:
		return ActRefused
	case complaint.Queued:
		return ActAck
	}
	return ActRetry
}

// replicaRank orders actions by how far the batch is from being stored.
var replicaRank = [numActions]int8{
	ActAck: 0, ActRefused: 1, ActReject: 2, ActSplit: 3, ActPlain: 3, ActDowngrade: 3,
	ActUnreadable: 4, ActRetry: 5, ActKeep: 5, ActMissing: 5,
}

// Merge replaces r, if it has the responses of several servers that all have to store the
// batch, by the one that decides: the highest of replicaRank, so that a response that asks
// for another attempt comes before one that refuses.
func Merge(r *seam.Response) {
	most := int8(-1)
	var worst *seam.Response
	for i := range r.Replicas {
		one := &r.Replicas[i]
		if rank := replicaRank[Judge(one)]; rank > most {
			most, worst = rank, one
		}
	}
	if worst != nil {
		mixed, replicas := r.Mixed, r.Replicas
		*r = *worst
		r.Mixed, r.Replicas = mixed, replicas
	}
}
