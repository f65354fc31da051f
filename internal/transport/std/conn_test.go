package std

import "testing"

// TestLatePut checks that an exchange which hears late that its connection was kept leaves it
// to the exchange that has it meanwhile.
func TestLatePut(t *testing.T) {
	c := new(conn)
	first, second := &exchange{conn: c}, &exchange{conn: c}
	c.user.Store(first)
	c.user.Store(second)
	if first.put(); c.user.Load() != second {
		t.Error("the second exchange has lost its connection")
	}
	if second.put(); c.user.Load() != nil {
		t.Error("the connection is not idle")
	}
}
