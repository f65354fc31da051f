package itest

import (
	"bytes"
	"compress/gzip"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/admin"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// TestLpbenchReplay stores trades in a spool, sends it by lpbench replay, and reads the
// same trades from the server, also where it did not have the database at first.
func TestLpbenchReplay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lpbench")
	if out, err := exec.Command("go", "build", "-C", "..", "-o", file, "./cmd/lpbench").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	eachServer1(t, Config{}, func(t *testing.T, s *Server) { lpbench(file).replay(t, s) })
}

const spooledBatches, spooledLines = 12, 1000

func (l lpbench) replay(t *testing.T, s *Server) {
	c := createDatabase(t, s, newClient(t, s, fastclient.Options{}), "spooled & sent")
	policy := admin.RetentionPolicyInfo{Name: "kept", Forever: true, Replication: 1}
	if err := admin.CreateRetentionPolicy(t.Context(), c, c.Database(), policy); err != nil {
		t.Fatal(err)
	}
	trades := workload.Trades(spooledBatches*spooledLines, 7)
	dir := filepath.Join(t.TempDir(), "spool")
	fillSpool(t, dir, trades)

	out, status := l.run(t, "spool", "verify", dir)
	if status != 0 || !strings.Contains(out, "14 batches with 12 002 lines checked") {
		t.Fatalf("verify: status %d\n%s", status, out)
	}
	// The last batch is for a database that is not there yet.
	out, status = l.run(t, "replay", dir, "-url", s.URL(), "-retry", "0")
	if status != 1 || !strings.Contains(out, "1 batch with 1 line left in the spool") {
		t.Errorf("status %d\n%s", status, out)
	}
	got, err := fastclient.QueryInto[workload.Trade](t.Context(), c, nil, `SELECT * FROM "kept"."Trade"`)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, trades) {
		t.Errorf("%d trades became %d others", len(trades), len(got))
	}
	if rows := raws(t, c, `SELECT v FROM m`, fastclient.Epoch(fastclient.Second)); len(rows) != 1 || rows[0][0] != "1700000000" || rows[0][1] != "1" {
		t.Errorf("rows %q", rows)
	}
	later := createDatabase(t, s, c, "later")
	if out, status = l.run(t, "replay", dir, "-url", s.URL(), "-retry", "0"); status != 0 {
		t.Errorf("status %d\n%s", status, out)
	}
	if rows := raws(t, later, "SELECT v FROM m"); len(rows) != 1 {
		t.Errorf("rows %q", rows)
	}
	if out, status = l.run(t, "spool", dir); status != 0 || !strings.Contains(out, ": 0 batches with 0 lines") {
		t.Errorf("status %d\n%s", status, out)
	}
}

// fillSpool makes a spool with the trades, a line in seconds, and a line for another
// database.
func fillSpool(t *testing.T, dir string, trades []workload.Trade) {
	t.Helper()
	sp, err := spool.Open(dir, spool.Options{MaxBytes: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	put := func(b spool.Batch) {
		t.Helper()
		if err := sp.Put(&b); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := lp.SchemaFor[workload.Trade]()
	if err != nil {
		t.Fatal(err)
	}
	for n := range spooledBatches {
		var lines []byte
		for i := range spooledLines {
			if lines, err = schema.Append(lines, &trades[n*spooledLines+i]); err != nil {
				t.Fatal(err)
			}
		}
		b := spool.Batch{Target: []byte("/write?db=spooled%20%26%20sent&rp=kept"), Body: lines, Lines: spooledLines, Bytes: len(lines)}
		if n%2 == 0 {
			var z bytes.Buffer
			w := gzip.NewWriter(&z)
			w.Write(lines)
			w.Close()
			b.Body, b.Encoding = z.Bytes(), spool.Gzip
		}
		put(b)
	}
	put(spool.Batch{Target: []byte("/write?db=spooled%20%26%20sent&precision=s"), Body: []byte("m v=1 1700000000\n"), Lines: 1})
	put(spool.Batch{Target: []byte("/write?db=later&precision=s"), Body: []byte("m v=1 1700000000\n"), Lines: 1})
	if err := sp.Close(); err != nil {
		t.Fatal(err)
	}
}
