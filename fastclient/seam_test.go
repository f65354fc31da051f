package fastclient

import (
	"errors"
	"testing"

	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// TestReplicasForWriters: a writer sees what each server of a set said, and only of those
// that failed.
func TestReplicasForWriters(t *testing.T) {
	partial := &PartialWriteError{Server: &ServerError{Op: "write", Status: 400, Message: "short", words: "all of it", Partial: true, Lines: []LineError{{2, "bad", "m v"}}}}
	big := &TransportError{Op: "write", Err: ErrResponseTooLarge}
	all := &ReplicaError{Failed: 2, Errs: []error{partial, nil, big}}
	var r seam.Response
	setFailure(&r, all)
	if !r.Mixed || r.Failure != error(all) || r.Status != 0 || r.Err != nil || len(r.Replicas) != 2 {
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
