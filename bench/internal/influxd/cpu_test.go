package influxd

import (
	"os"
	"testing"
	"time"
)

// TestCPU holds that time that is spent is seen.
func TestCPU(t *testing.T) {
	before, err := cpuOf(os.Getpid())
	if err != nil {
		t.Skip(err)
	}
	for after := before; after < before+2*clockTick; {
		for began := time.Now(); time.Since(began) < time.Millisecond; {
		}
		if after, err = cpuOf(os.Getpid()); err != nil {
			t.Fatal(err)
		}
	}
}
