package lp_test

import (
	"reflect"
	"sync"
	"testing"

	"github.com/pointwire/pointwire/lp"
)

// TestNoCopy holds that go vet reports copies of the types that break when they are
// copied. Its check copylocks looks for a field, at any depth, whose pointer is a
// sync.Locker.
func TestNoCopy(t *testing.T) {
	for _, typ := range []reflect.Type{
		reflect.TypeFor[lp.Encoder](), reflect.TypeFor[lp.Row](),
		reflect.TypeFor[lp.Decoder](), reflect.TypeFor[lp.PointView](),
	} {
		if !locks(typ) {
			t.Errorf("go vet does not see copies of %v", typ)
		}
	}
}

func locks(t reflect.Type) bool {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[sync.Locker]()) {
		return true
	}
	for i := 0; t.Kind() == reflect.Struct && i < t.NumField(); i++ {
		if locks(t.Field(i).Type) {
			return true
		}
	}
	return false
}
