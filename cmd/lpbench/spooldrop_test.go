package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

func TestSpoolDrop(t *testing.T) {
	now := time.Now()
	numbered := func(i int) spool.Batch {
		b := newBatch(t, []string{toV1, toV2, toV3}[i%3], spool.Encoding(i%3), fmt.Sprintf("m v=%d %d\n", i, i))
		b.SealedAt = now.Add(time.Duration(i-9) * time.Hour) // from 8:30 hours ago on
		b.SealedAt = b.SealedAt.Add(30 * time.Minute)
		return b
	}
	for _, c := range []struct {
		name string
		args []string
		keep func(i int) bool
		says string
	}{
		{"all", nil, func(int) bool { return false }, "9 batches with 9 lines dropped, 0 batches with 0 lines kept"},
		{"target", []string{"-target", toV2}, func(i int) bool { return i%3 != 1 }, "3 batches with 3 lines dropped, 6 batches with 6 lines kept"},
		{"older", []string{"-older", "5h"}, func(i int) bool { return i >= 4 }, "4 batches with 4 lines dropped, 5 batches"},
		{"both", []string{"-older", "5h", "-target", toV1}, func(i int) bool { return i >= 4 || i%3 != 0 }, "2 batches with 2 lines dropped, 7 batches"},
		{"none", []string{"-target", "other"}, func(int) bool { return true }, "no batches to drop"},
	} {
		var batches []spool.Batch
		var want []string
		for i := range 9 {
			b := numbered(i)
			batches = append(batches, b)
			if c.keep(i) {
				want = append(want, fmt.Sprintf("%s m v=%d %d\n", b.Target, i, i))
			}
		}
		dir := newSpool(t, batches...)
		got, said := spoolOf(t, append([]string{"spool", "drop", dir, "-yes"}, c.args...)...)
		if got != 0 || !strings.Contains(said, c.says) {
			t.Errorf("%s: status %d\n%s", c.name, got, said)
		}
		// Batches that were dropped must not come again when the spool is opened.
		if left := held(t, dir); !slices.Equal(left, want) {
			t.Errorf("%s: left\n%q, want\n%q", c.name, left, want)
		}
		eachBatch(t, dir, func(b *spool.Batch) {
			if i := slices.IndexFunc(batches, func(a spool.Batch) bool { return a.SealedAt.Equal(b.SealedAt) }); i < 0 || !c.keep(i) {
				t.Errorf("%s: a batch that was sealed at %v", c.name, b.SealedAt)
			}
		})
		if got, said := spoolOf(t, "spool", "verify", dir); got != 0 {
			t.Errorf("%s: verify: status %d\n%s", c.name, got, said)
		}
	}
}

// TestSpoolInterrupt holds that an interrupt ends each action.
func TestSpoolInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, args := range [][]string{{"spool", "list"}, {"spool", "verify"}, {"spool", "extract"}, {"spool", "drop", "-yes"}, {"replay", "-url", "http://127.0.0.1:1"}} {
		dir := newSpool(t, threeTargets(t)...)
		c, out := quiet()
		if err := run(ctx, c, append(args, dir)); !errors.Is(err, context.Canceled) {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
		if len(held(t, dir)) != 4 {
			t.Errorf("%q: batches are gone", args)
		}
	}
}
