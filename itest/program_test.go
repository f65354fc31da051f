package itest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestGuideProgram runs the blocks of the guide in their order, as they are printed.
func TestGuideProgram(t *testing.T) {
	run := func(t *testing.T, last string, environment ...string) {
		t.Helper()
		test := exec.Command("go", "test", "-C", "..", "-count=1", "-v", "-run", "^TestProgram$", "./docs")
		test.Env = append(os.Environ(), environment...)
		out, err := test.CombinedOutput()
		if err != nil || !strings.Contains(string(out), " "+last+"\n") {
			t.Errorf("%v, want the blocks up to %s:\n%s", err, last, out)
		}
	}
	t.Run("inprocess", func(t *testing.T) {
		run(t, "modebatch", "POINTWIRE_GUIDE_URL="+startInProcess(t, Config{}).URL())
	})
	t.Run("influxd", func(t *testing.T) {
		run(t, "modebatch", "POINTWIRE_GUIDE_URL="+startInfluxd(t, Config{}).URL())
	})
	t.Run("influxdb2", func(t *testing.T) {
		s := startInfluxDB2(t, Config{})
		for _, bucket := range []string{"sensors", "metrics/week"} {
			if _, err := s.CreateBucket(bucket); err != nil {
				t.Fatal(err)
			}
		}
		run(t, "influxdb2policy", "POINTWIRE_GUIDE_URL="+s.URL(), "POINTWIRE_GUIDE_TOKEN="+s.Token(), "POINTWIRE_GUIDE_ORG="+Org)
	})
}
