package fastclient

import (
	"testing"
	"time"
)

// TestPace checks that one request that hung changes the usual time little, and that many slow
// ones are usual.
func TestPace(t *testing.T) {
	var p pace
	for i := range paceWarm {
		if _, known := p.usual(); known {
			t.Errorf("known after %d", i)
		}
		p.learn(100 * time.Millisecond)
	}
	usual := func() time.Duration { d, _ := p.usual(); return d }
	if usual() != 100*time.Millisecond {
		t.Errorf("%v", usual())
	}
	p.learn(time.Hour)
	if got := usual(); got != 125*time.Millisecond {
		t.Errorf("%v after one that hung", got)
	}
	for range 20 {
		p.learn(5 * time.Second)
	}
	if got := usual(); got < 4*time.Second || got > 5*time.Second {
		t.Errorf("%v after twenty of 5 s", got)
	}
	p = pace{n: paceWarm} // a server that took no time
	for range 40 {
		p.learn(time.Second)
	}
	if got := usual(); got < 900*time.Millisecond {
		t.Errorf("%v after forty of 1 s", got)
	}
}
