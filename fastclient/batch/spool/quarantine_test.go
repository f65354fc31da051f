package spool

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
)

// TestQuarantineCrash damages a segment, and lets the machine crash at every moment of
// the recovery. The good batches behind the damage are then in the segment or in
// quarantine, and so they are if any sync or rename of the recovery is left out.
func TestQuarantineCrash(t *testing.T) {
	if found := quarantineCrashes(t, "", nil); found != "" {
		t.Fatal(found)
	}
	operations := map[string]bool{}
	quarantineCrashes(t, "", operations)
	for m := range operations {
		if !strings.Contains(m, "uarantine") && !strings.Contains(m, "copyRest") {
			continue // TestMutations has it
		}
		if found := quarantineCrashes(t, m, nil); found == "" {
			t.Errorf("nothing fails without %s", m)
		}
	}
}

// quarantineCrashes tries kinds of damage without operation m, and returns what failed. It
// notes the operations if it is given a map.
func quarantineCrashes(t *testing.T, m string, operations map[string]bool) (found string) {
	defer func() {
		if r := recover(); r != nil {
			text, ok := r.(failure)
			if !ok {
				panic(r)
			}
			found = string(text)
		}
	}()
	for _, closed := range []bool{true, false} {
		for _, damage := range []string{"body", "header", "unlisted", "no header"} {
			w := newWorld(finder{}, 5)
			lost := func(op, caller string) bool {
				name := op + " by " + caller
				if operations != nil && (op == "sync" || op == "syncDir" || op == "rename") {
					operations[name] = true
				}
				return name == m
			}
			total := w.damagedSpool(closed, damage)
			w.d.lost = lost
			check := func(d *memDisk) {
				d.lost = lost
				w.checkKept(d, total, damage)
			}
			w.d.after = func(string, string) { w.d.crashStates(w.rng, 30, true, check) }
			if _, err := w.open(w.d); err != nil {
				w.t.Fatalf("open: %v", err)
			}
		}
	}
	return ""
}

// damagedSpool makes a segment of six batches, the third of which is damaged, and returns
// how many good ones it has.
func (w *world) damagedSpool(closed bool, damage string) (good int) {
	w.reopen()
	for range 6 {
		b := w.batch()
		b.Body = b.Body[:min(len(b.Body), 50)]
		w.records[w.next] = &record{b: b}
		if err := w.s.Put(&b); err != nil {
			w.t.Fatalf("put: %v", err)
		}
	}
	g := w.s.segments[0]
	if closed {
		w.s.Close()
	} else {
		w.s.commit()
	}
	n := w.d.names[segmentName(g.id)]
	at, good := g.index, 5
	switch damage {
	case "body":
		n.data[at[3].offset-1] ^= 4
	case "header":
		n.data[at[2].offset+9] ^= 4
	case "unlisted", "no header":
		good = 6
		w.d.dirs[quarantineDir] = false
		b := (&manifest{nextID: g.id + 1, nextSeq: 7}).appendTo(nil)
		w.d.names[manifestName] = &inode{data: b, durable: b}
		w.d.durable[manifestName] = w.d.names[manifestName]
		if damage == "no header" {
			n.data[20] ^= 4
			n.data[70] ^= 4
		}
		delete(w.d.dirs, quarantineDir)
	}
	n.durable = slices.Clone(n.data)
	return good
}

// checkKept holds that each good batch comes from Next or is in quarantine.
func (w *world) checkKept(d *memDisk, good int, damage string) {
	s, err := w.open(d)
	if err != nil {
		w.t.Fatalf("open after a crash: %v", err)
	}
	kept := w.drain(s)
	for name, n := range d.names {
		if path.Dir(name) != quarantineDir || path.Base(name) == "tmp" {
			continue
		}
		for id, r := range w.records {
			if strings.Contains(string(n.data), string(r.b.Body)) {
				kept[id] = true
			}
		}
	}
	if len(kept) < good {
		w.t.Fatalf("%s: %d of %d batches are left", damage, len(kept), good)
	}
}

// TestEveryBit flips each bit of a small spool, and cuts each file at each byte. The spool
// opens, returns nothing false, and says what is missing.
func TestEveryBit(t *testing.T) {
	defer recoverStopped()
	step := 1
	if testing.Short() || raceEnabled {
		step = 7
	}
	for _, closed := range []bool{true, false} {
		w := newWorld(seeded{t, 1}, 1)
		w.reopen()
		var lines uint64
		for range 12 {
			b := w.batch()
			b.Body = b.Body[:min(len(b.Body), 150)]
			w.records[w.next] = &record{b: b}
			lines += uint64(b.Lines)
			if err := w.s.Put(&b); err != nil {
				t.Fatal(err)
			}
		}
		var b Batch
		for range 2 { // the mark is not 0
			ok, err := w.s.TryNext(&b, Oldest)
			if !ok || w.s.Ack(b.Seq) != nil {
				t.Fatal(err)
			}
			lines -= uint64(b.Lines)
		}
		ok, err := w.s.TryNext(&b, Newest) // nor is it all that is acked
		if !ok || w.s.Ack(b.Seq) != nil {
			t.Fatal(err)
		}
		lines -= uint64(b.Lines)
		w.s.syncMark()
		w.s.commit()
		if closed {
			if err := w.s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		whole := func(int) bool { return true }
		same := func(_ *inode, _ int, c change) (change, bool) { return c, true }
		for name := range w.d.names {
			size := len(w.d.names[name].data)
			for bit := 0; bit < 8*size; bit += step {
				d := w.d.crashed(whole, same)
				d.names[name].data[bit/8] ^= 1 << (bit % 8)
				w.checkDamaged(d, lines, fmt.Sprintf("bit %d of %s", bit, name))
			}
			for cut := 0; cut < size; cut += step {
				d := w.d.crashed(whole, same)
				d.names[name].data = d.names[name].data[:cut]
				w.checkDamaged(d, lines, fmt.Sprintf("%s cut at %d", name, cut))
			}
		}
	}
}

// checkDamaged holds that what Next returns is right, and that what it does not return is
// in the report. What a manifest does not tell of the last segment counts in bytes.
func (w *world) checkDamaged(d *memDisk, lines uint64, damage string) {
	w.t.Helper()
	s, err := w.open(d)
	if err != nil {
		w.t.Fatalf("%s: open: %v", damage, err)
	}
	for id := range w.drain(s) {
		lines -= min(uint64(w.records[id].b.Lines), lines)
	}
	r := s.Recovery()
	if strings.Contains(damage, manifestName) && !r.ManifestLost {
		w.t.Fatalf("%s: the manifest is not reported: %+v", damage, r)
	}
	if lines > 0 && r.Quarantined.Lines+r.Missing.Lines+r.Torn.Lines < lines && r.TornBytes == 0 && r.QuarantinedBytes == 0 && r.MissingFiles == 0 {
		// A file of which nothing is left, not even its length, tells nothing: it can only
		// be the last segment of a process that was killed.
		if last := w.s.segments[len(w.s.segments)-1]; !strings.HasPrefix(damage, segmentName(last.id)+" cut") {
			w.t.Fatalf("%s: %d lines are gone without a word: %+v", damage, lines, r)
		}
	}
	if err := s.Close(); err != nil {
		w.t.Fatalf("%s: close: %v", damage, err)
	}
	again, err := w.open(d)
	if err != nil {
		w.t.Fatalf("%s: open again: %v", damage, err)
	}
	if r := again.Recovery(); r.ManifestLost || r.MarkLost || r.Missing != (Count{}) || r.MissingFiles > 0 || r.QuarantinedFiles > 0 || r.TornBytes > 0 {
		w.t.Fatalf("%s: reported twice: %+v", damage, r)
	}
}
