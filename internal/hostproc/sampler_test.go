package hostproc

import (
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestReadRecorded(t *testing.T) {
	r := Sampler{Root: "testdata/proc"}
	var s Sample
	now := time.Unix(0, 1540184368785116000)
	if err := r.Read(&s, now); err != nil {
		t.Fatal(err)
	}
	ts := now.UnixNano()
	if len(s.CPUs) != 3 || s.CPUs[2] != (CPU{Time: ts, CPU: "cpu1", User: 23.23, System: 14.82, Idle: 740.48, IOWait: 2.52}) {
		t.Errorf("CPUs = %+v", s.CPUs)
	}
	if want := (Memory{Time: ts, Total: 1000 << 10, Free: 100 << 10, Available: 250 << 10, Cached: 70 << 10,
		Used: 0.75, Load1: 0.63, Load5: 0.2, Load15: 0.07}); s.Memory != want {
		t.Errorf("Memory = %+v, want %+v", s.Memory, want)
	}
	if want := []Disk{{Time: ts, Device: "loop0"}, {Time: ts, Device: "vda",
		Reads: 10, ReadBytes: 2000 * 512, Writes: 20, WrittenBytes: 4000 * 512, BusyMillis: 55}}; !reflect.DeepEqual(s.Disks, want) {
		t.Errorf("Disks = %+v, want %+v", s.Disks, want)
	}
	if want := []Network{
		{Time: ts, Interface: "lo", ReceivedBytes: 3193, ReceivedPackets: 29, ReceiveErrors: 1, SentBytes: 3194, SentPackets: 30, SendErrors: 2},
		{Time: ts, Interface: "eth0", ReceivedBytes: 7, ReceivedPackets: 8, ReceiveErrors: 9, SentBytes: 10, SentPackets: 11, SendErrors: 12},
	}; !reflect.DeepEqual(s.Networks, want) {
		t.Errorf("Networks = %+v, want %+v", s.Networks, want)
	}
	slices.SortFunc(s.Processes, func(a, b Process) int { return strings.Compare(a.PID, b.PID) })
	if want := []Process{
		{Time: ts, PID: "42", Name: "a b) c", State: "S", Seconds: 2, Threads: 3, Resident: 356 * int64(os.Getpagesize())},
		{Time: ts, PID: "43", Name: "kthreadd", State: "I", Seconds: 0.01, Threads: 1, Kernel: true},
	}; !reflect.DeepEqual(s.Processes, want) {
		t.Errorf("Processes = %+v, want %+v", s.Processes, want)
	}
	if s.Points() != 3+1+2+2+2 {
		t.Errorf("Points() = %d", s.Points())
	}
}

func TestBusyIsMeasuredBetweenSamples(t *testing.T) {
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS("testdata/proc")); err != nil {
		t.Fatal(err)
	}
	r := Sampler{Root: root}
	var s Sample
	for i, stat := range []string{"cpu 100 0 0 100 0 0 0 0\n", "cpu 130 0 0 110 0 0 0 0\n"} {
		if err := os.WriteFile(root+"/stat", []byte(stat), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := r.Read(&s, time.Unix(int64(i), 0)); err != nil {
			t.Fatal(err)
		}
	}
	if s.CPUs[0].Busy != 0.75 {
		t.Errorf("Busy = %v, want 30 busy ticks of 40", s.CPUs[0].Busy)
	}
}

func TestReadReportsPlaceOfDamage(t *testing.T) {
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS("testdata/proc")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(root+"/stat", []byte("cpu0 1 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := (&Sampler{Root: root}).Read(new(Sample), time.Now())
	if err == nil || !strings.Contains(err.Error(), `stat: line "cpu0 1 2"`) {
		t.Errorf("err = %v, want the file and the line", err)
	}
}

func TestReadThisHost(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("/proc is Linux's")
	}
	var r Sampler
	var s Sample
	if err := r.Read(&s, time.Now()); err != nil {
		t.Fatal(err)
	}
	if len(s.CPUs) < 2 || s.Memory.Total == 0 || len(s.Processes) == 0 {
		t.Errorf("sample of this host is empty: %d processors, %d bytes, %d processes",
			len(s.CPUs), s.Memory.Total, len(s.Processes))
	}
}
