package spool_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

// directory returns a path for a spool, and what removes it.
func directory() (path string, remove func()) {
	parent, err := os.MkdirTemp("", "spool")
	if err != nil {
		panic(err)
	}
	return filepath.Join(parent, "spool"), func() { os.RemoveAll(parent) }
}

// A batch outlives the process that put it.
func Example() {
	path, remove := directory()
	defer remove()
	s, err := spool.Open(path, spool.Options{MaxBytes: 1 << 30})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = s.Put(&spool.Batch{
		Target: []byte("db=metrics"), Body: []byte("cpu,host=a load=0.64 1\n"), Lines: 1, SealedAt: time.Unix(1700000000, 0),
	})
	fmt.Println(err)
	fmt.Println(s.Close())

	s, err = spool.Open(path, spool.Options{MaxBytes: 1 << 30})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	var b spool.Batch
	if err := s.Next(context.Background(), &b, spool.Oldest); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d: %s to %s, sealed %s\n", b.Seq, b.Body[:len(b.Body)-1], b.Target, b.SealedAt.UTC().Format(time.DateTime))
	fmt.Println(s.Ack(b.Seq))
	// Output:
	// <nil>
	// <nil>
	// 1: cpu,host=a load=0.64 1 to db=metrics, sealed 2023-11-14 22:13:20
	// <nil>
}

func ExampleOpen() {
	path, remove := directory()
	defer remove()
	s, err := spool.Open(path, spool.Options{
		MaxBytes:     1 << 30,
		WhenFull:     spool.DropOldest,
		SyncInterval: 100 * time.Millisecond,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	_, err = spool.Open(path, spool.Options{MaxBytes: 1 << 30})
	fmt.Println(errors.Is(err, spool.ErrLocked))
	// Output: true
}

func ExampleSpool_Put() {
	path, remove := directory()
	defer remove()
	s, err := spool.Open(path, spool.Options{MaxBytes: 1 << 20})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	b := spool.Batch{Body: make([]byte, 400_000), Encoding: spool.Gzip, Lines: 5000, Bytes: 2_000_000}
	for range 3 {
		fmt.Println(s.Put(&b), b.Seq)
	}
	// Output:
	// <nil> 1
	// <nil> 2
	// spool: full 2
}

// A sender keeps the batch in memory, and the spool has it in case of a crash.
func ExampleSpool_PutLeased() {
	path, remove := directory()
	defer remove()
	s, err := spool.Open(path, spool.Options{MaxBytes: 1 << 30})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	b := spool.Batch{Body: []byte("m v=1 1\n"), Lines: 1}
	fmt.Println(s.PutLeased(&b))
	fmt.Println(s.Sync(context.Background())) // now a crash of the machine does not take it
	fmt.Println(s.Stats().Leased.Batches)
	fmt.Println(s.Ack(b.Seq)) // after the server has stored it
	// Output:
	// <nil>
	// <nil>
	// 1
	// <nil>
}

func ExampleSpool_Next() {
	path, remove := directory()
	defer remove()
	s, err := spool.Open(path, spool.Options{MaxBytes: 1 << 30})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range 3 {
		if err := s.Put(&spool.Batch{Body: fmt.Appendf(nil, "m v=%d 1\n", i), Lines: 1}); err != nil {
			fmt.Println(err)
		}
	}
	go func() { // the program ends later
		for s.Stats().Acked.Batches < 3 {
			time.Sleep(time.Millisecond)
		}
		s.Close()
	}()
	refused := false
	var b spool.Batch
	for {
		err := s.Next(context.Background(), &b, spool.Oldest)
		if errors.Is(err, spool.ErrClosed) {
			break
		}
		if err != nil {
			fmt.Println(err) // set aside and counted, or tried again by the next call
			continue
		}
		if b.Seq == 2 && !refused {
			refused = true
			fmt.Println("not sent:", b.Seq)
			s.Return(b.Seq)
			continue
		}
		fmt.Println("sent:", b.Seq)
		s.Ack(b.Seq)
	}
	// Output:
	// sent: 1
	// not sent: 2
	// sent: 2
	// sent: 3
}

func ExampleSpool_TryNext() {
	path, remove := directory()
	defer remove()
	s, err := spool.Open(path, spool.Options{MaxBytes: 1 << 30})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	for i := range 2 {
		if err := s.Put(&spool.Batch{Body: fmt.Appendf(nil, "m v=%d 1\n", i), Lines: 1}); err != nil {
			fmt.Println(err)
		}
	}
	var b spool.Batch
	ok, err := s.TryNext(&b, spool.Newest)
	fmt.Println(ok, err, b.Seq)
	fmt.Println(s.Return(b.Seq))
	// Output:
	// true <nil> 2
	// <nil>
}

func ExampleSpool_Stats() {
	path, remove := directory()
	defer remove()
	s, err := spool.Open(path, spool.Options{MaxBytes: 1 << 30})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	if err := s.Put(&spool.Batch{Body: []byte("m v=1 1\nm v=2 2\n"), Lines: 2, Bytes: 16}); err != nil {
		fmt.Println(err)
	}
	var counts spool.Counts = s.Counts() // those of Stats, in no time
	var st spool.Stats = s.Stats()
	var waiting spool.Count = st.Waiting
	fmt.Println(counts == st.Counts, waiting.Batches, waiting.Lines, waiting.Bytes, st.OldestWaiting.IsZero())
	// Output: true 1 2 16 false
}

// Damage does not keep a spool from opening.
func ExampleSpool_Recovery() {
	path, remove := directory()
	defer remove()
	s, err := spool.Open(path, spool.Options{MaxBytes: 1 << 30})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range 3 {
		if err := s.Put(&spool.Batch{Body: fmt.Appendf(nil, "m v=%d 1\n", i), Lines: 1}); err != nil {
			fmt.Println(err)
		}
	}
	s.Close()
	segments, _ := filepath.Glob(filepath.Join(path, "*.seg"))
	f, err := os.OpenFile(segments[0], os.O_WRONLY, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	f.WriteAt([]byte("!"), 220) // in the second batch
	f.Close()

	s, err = spool.Open(path, spool.Options{MaxBytes: 1 << 30})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	var r spool.Recovery = s.Recovery()
	fmt.Println("waiting:", r.Waiting.Lines)
	fmt.Println("in quarantine:", r.Quarantined.Lines, "lines in", r.QuarantinedFiles, "file")
	// Output:
	// waiting: 1
	// in quarantine: 2 lines in 1 file
}

// FullPolicy and Order are options, and Encoding is a property of a batch.
func ExampleOptions() {
	var whenFull spool.FullPolicy = spool.Refuse
	var order spool.Order = spool.Newest
	var encoding spool.Encoding = spool.Zstd
	fmt.Println(whenFull, order, encoding.String())
	// Output: 0 1 zstd
}

func ExampleStats_MarshalJSON() {
	text, err := spool.Stats{LastSyncError: errors.New("input/output error")}.MarshalJSON()
	var stats map[string]any
	json.Unmarshal(text, &stats)
	fmt.Println(stats["LastSyncError"], err)
	// Output: input/output error <nil>
}
