package fastclient

import (
	"errors"
	"testing"

	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// TestReplicasForWriters: a writer sees what each server of a set said, and only of those
// that failed.
func TestReplicasForWriters(t *testing.T) {
	all := &said{"all of it", []LineError{{2, "bad", "m v"}}, new(hidden)}
	partial := &PartialWriteError{Server: &ServerError{Op: "write", Status: 400, Message: "short", Partial: true, Lines: []LineError{{2, "bad", "m v"}}, said: &all}}
	big := &TransportError{Op: "write", Err: ErrResponseTooLarge}
	both := &ReplicaError{Failed: 2, Errs: []error{partial, nil, big}}
	var r seam.Response
	setFailure(&r, both)
	if !r.Mixed || r.Failure != error(both) || r.Status != 0 || r.Err != nil || len(r.Replicas) != 2 {
		t.Fatalf("%+v", r)
	}
	if one := r.Replicas[0]; one.Status != 400 || one.Message != "all of it" || len(one.Refused) != 1 || one.Failure != error(partial) || one.Mixed {
		t.Errorf("the first: %+v", one)
	}
	if one := r.Replicas[1]; one.Status != 0 || !one.Unreadable || !errors.Is(one.Err, ErrResponseTooLarge) || one.Failure != error(big) {
		t.Errorf("the last: %+v", one)
	}
	r.Reset(seam.V1)
	setFailure(&r, &ReplicaError{Failed: 1, Errs: []error{partial}})
	if r.Mixed || len(r.Replicas) != 1 {
		t.Errorf("one server: %+v", r)
	}
}
