package golden

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/pointwire/pointwire/itest"
)

const testdata = "../../jsonscan/testdata"

// TestGolden records everything again. The servers must still respond as in the golden
// files, and the files must be those of the cases in this package. Another version of Go
// can change the responses of the server in this process: then run cmd/record and look at
// the difference.
func TestGolden(t *testing.T) {
	t.Run("inprocess", func(t *testing.T) { compare(t, itest.Start) })
	t.Run("influxd", func(t *testing.T) { compare(t, itest.StartProcess) })
	t.Run("influxdb2", func(t *testing.T) { compare(t, itest.StartInfluxDB2) })
}

func compare(t *testing.T, start func(itest.Config) (*itest.Server, error)) {
	required := os.Getenv("POINTWIRE_REQUIRE_SERVER") == "1"
	responses, err := Record(start)
	if errors.Is(err, exec.ErrNotFound) && !required {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	version := responses[0].Version
	index, err := ReadIndex(testdata)
	if err != nil {
		t.Fatal(err)
	}
	index = slices.DeleteFunc(index, func(e Entry) bool { return e.Version != version })
	if len(index) == 0 && !required {
		t.Skipf("no golden files of version %s", version)
	}
	if len(index) != len(responses) {
		t.Errorf("%d golden files of version %s, %d cases", len(index), version, len(responses))
	}
	for _, a := range responses {
		i := slices.IndexFunc(index, func(e Entry) bool { return e.Name == a.Name })
		if i < 0 {
			t.Errorf("%s: not recorded", a.Name)
			continue
		}
		if !Equal(index[i], a.Entry) {
			t.Errorf("%s:\n got %+v\nwant %+v", a.Name, a.Entry, index[i])
		}
		want, err := ReadBody(testdata, index[i])
		if err != nil {
			t.Error(err)
			continue
		}
		if !bytes.Equal(a.Body, want) && (a.ContentType != msgpack || !bytes.Equal(sorted(a.Body), sorted(want))) {
			t.Errorf("%s: the response is not the golden one\n got %.500s\nwant %.500s", a.Name, a.Body, want)
		}
	}
}

// sorted returns the bytes of a MessagePack body in order: the servers send the tags of a
// series in another order each time.
func sorted(body []byte) []byte { return slices.Sorted(slices.Values(body)) }

// TestNamesDiffer checks that no case overwrites the file of another.
func TestNamesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range setups {
		for _, c := range s.cases {
			if seen[c.Name] {
				t.Errorf("two cases are named %s", c.Name)
			}
			seen[c.Name] = true
		}
	}
}
