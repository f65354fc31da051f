package fastclient

import (
	"errors"
	"testing"
)

// TestReplicasForWriters: a writer sees what each server of a set said, and only of those
// that failed.
func TestReplicasForWriters(t *testing.T) {
	partial := &PartialWriteError{Server: &ServerError{Op: "write", Status: 400, Message: "short", words: "all of it", Partial: true, Lines: []LineError{{2, "bad", "m v"}}}}
	big := &TransportError{Op: "write", Err: ErrResponseTooLarge}
	all := &ReplicaError{Failed: 2, Errs: []error{partial, nil, big}}
	var r writeReply
	fill(&r, all)
	if !r.mixed || r.failure != error(all) || r.status != 0 || r.err != nil || len(r.replicas) != 2 {
		t.Fatalf("%+v", r)
	}
	if one := r.replicas[0]; one.status != 400 || one.message != "all of it" || len(one.refused) != 1 || one.failure != error(partial) || one.mixed {
		t.Errorf("the first: %+v", one)
	}
	if one := r.replicas[1]; one.status != 0 || !one.unreadable || !errors.Is(one.err, ErrResponseTooLarge) || one.failure != error(big) {
		t.Errorf("the last: %+v", one)
	}
	r.reset(apiV1)
	fill(&r, &ReplicaError{Failed: 1, Errs: []error{partial}})
	if r.mixed || len(r.replicas) != 1 {
		t.Errorf("one server: %+v", r)
	}
}
