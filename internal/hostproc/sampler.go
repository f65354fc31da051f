package hostproc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ticks is the unit of the times in /proc: USER_HZ, which Linux fixes at 100
// for every architecture Go runs on (proc(5)).
const ticks = 100

// sector is the unit of /proc/diskstats in bytes, whatever the device's own
// sector size (Documentation/admin-guide/iostats.rst).
const sector = 512

// Sampler reads samples. The zero value reads /proc.
type Sampler struct {
	// Root, if not empty, is the directory to read instead of /proc.
	Root string

	before map[string]cpuTimes
	page   int64
}

type cpuTimes struct{ busy, total float64 }

// Read fills s with the current counters and the time now. It reuses the slices of s, and
// leaves out a process that ends while it is read.
func (r *Sampler) Read(s *Sample, now time.Time) error {
	if r.Root == "" {
		r.Root = "/proc"
	}
	if r.before == nil {
		r.before = map[string]cpuTimes{}
		r.page = int64(os.Getpagesize())
	}
	ts := now.UnixNano()
	for _, read := range []func(*Sample, int64) error{
		r.cpus, r.memory, r.disks, r.networks, r.processes,
	} {
		if err := read(s, ts); err != nil {
			return fmt.Errorf("hostproc: %w", err)
		}
	}
	return nil
}

// lines calls do with the fields of each line of a file under the root.
func (r *Sampler) lines(name string, do func(fields []string) error) error {
	text, err := os.ReadFile(filepath.Join(r.Root, name))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		if err := do(strings.Fields(line)); err != nil {
			return fmt.Errorf("%s: line %q: %w", name, strings.TrimSpace(line), err)
		}
	}
	return nil
}

// ints parses the fields at the given indexes.
func ints(fields []string, at ...int) ([]int64, error) {
	out := make([]int64, len(at))
	for i, k := range at {
		if k >= len(fields) {
			return nil, fmt.Errorf("%d fields, want more than %d", len(fields), k)
		}
		// Counters are unsigned in the kernel. A value beyond int64 becomes negative,
		// as if a signed counter had wrapped.
		v, err := strconv.ParseUint(fields[k], 10, 64)
		if err != nil {
			return nil, err
		}
		out[i] = int64(v)
	}
	return out, nil
}

func (r *Sampler) cpus(s *Sample, ts int64) error {
	s.CPUs = s.CPUs[:0]
	return r.lines("stat", func(f []string) error {
		if len(f) == 0 || !strings.HasPrefix(f[0], "cpu") {
			return nil
		}
		v, err := ints(f, 1, 2, 3, 4, 5, 6, 7)
		if err != nil {
			return err
		}
		user, nice, system, idle, iowait, irq, softirq := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
		busy := float64(user + nice + system + irq + softirq)
		now := cpuTimes{busy, busy + float64(idle+iowait)}
		p := CPU{
			Time: ts, CPU: f[0],
			User:   float64(user+nice) / ticks,
			System: float64(system+irq+softirq) / ticks,
			Idle:   float64(idle) / ticks,
			IOWait: float64(iowait) / ticks,
		}
		if f[0] == "cpu" {
			p.CPU = "all"
		}
		if b, ok := r.before[f[0]]; ok && now.total > b.total {
			p.Busy = (now.busy - b.busy) / (now.total - b.total)
		}
		r.before[f[0]] = now
		s.CPUs = append(s.CPUs, p)
		return nil
	})
}

func (r *Sampler) memory(s *Sample, ts int64) error {
	m := &s.Memory
	*m = Memory{Time: ts}
	err := r.lines("meminfo", func(f []string) error {
		var to *int64
		switch {
		case len(f) == 0:
			return nil
		case f[0] == "MemTotal:":
			to = &m.Total
		case f[0] == "MemFree:":
			to = &m.Free
		case f[0] == "MemAvailable:":
			to = &m.Available
		case f[0] == "Cached:":
			to = &m.Cached
		default:
			return nil
		}
		kib, err := ints(f, 1)
		if err != nil {
			return err
		}
		*to = kib[0] << 10
		return nil
	})
	if err != nil {
		return err
	}
	if m.Total > 0 {
		m.Used = float64(m.Total-m.Available) / float64(m.Total)
	}
	return r.lines("loadavg", func(f []string) error {
		for i, to := range []*float64{&m.Load1, &m.Load5, &m.Load15} {
			if i >= len(f) {
				return errors.New("fewer than three load averages")
			}
			v, err := strconv.ParseFloat(f[i], 64)
			if err != nil {
				return err
			}
			*to = v
		}
		return nil
	})
}

func (r *Sampler) disks(s *Sample, ts int64) error {
	s.Disks = s.Disks[:0]
	err := r.lines("diskstats", func(f []string) error {
		v, err := ints(f, 3, 5, 7, 9, 12)
		if err != nil {
			return err
		}
		s.Disks = append(s.Disks, Disk{
			Time: ts, Device: f[2],
			Reads: v[0], ReadBytes: v[1] * sector,
			Writes: v[2], WrittenBytes: v[3] * sector,
			BusyMillis: v[4],
		})
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a kernel or container without block devices
	}
	return err
}

func (r *Sampler) networks(s *Sample, ts int64) error {
	s.Networks = s.Networks[:0]
	err := r.lines("net/dev", func(f []string) error {
		// Old kernels write no space after the colon: "eth0:1234 …".
		name, rest, ok := strings.Cut(strings.Join(f, " "), ":")
		if !ok {
			return nil // one of the two heading lines
		}
		v, err := ints(strings.Fields(rest), 0, 1, 2, 8, 9, 10)
		if err != nil {
			return err
		}
		s.Networks = append(s.Networks, Network{
			Time: ts, Interface: name,
			ReceivedBytes: v[0], ReceivedPackets: v[1], ReceiveErrors: v[2],
			SentBytes: v[3], SentPackets: v[4], SendErrors: v[5],
		})
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (r *Sampler) processes(s *Sample, ts int64) error {
	s.Processes = s.Processes[:0]
	dir, err := os.Open(r.Root)
	if err != nil {
		return err
	}
	names, err := dir.Readdirnames(-1)
	dir.Close()
	if err != nil {
		return err
	}
	for _, pid := range names {
		if pid[0] < '0' || pid[0] > '9' {
			continue
		}
		text, err := os.ReadFile(filepath.Join(r.Root, pid, "stat"))
		if err != nil {
			continue // it ended, or we may not see it
		}
		p, err := r.process(string(text))
		if err != nil {
			return fmt.Errorf("%s/stat: %w", pid, err)
		}
		p.Time, p.PID = ts, pid
		s.Processes = append(s.Processes, p)
	}
	return nil
}

// process parses /proc/PID/stat. The name is in parentheses and may itself hold spaces and
// parentheses, so it ends at the last closing one (proc(5)).
func (r *Sampler) process(text string) (p Process, err error) {
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return p, fmt.Errorf("no name in %q", text)
	}
	f := strings.Fields(text[end+1:])
	// Indexes count from the state, which is field 3 of proc(5).
	v, err := ints(f, 11, 12, 17, 20, 21)
	if err != nil {
		return p, err
	}
	return Process{
		Name:     strings.ToValidUTF8(text[open+1:end], "\uFFFD"), // the kernel cuts names at 15 bytes
		State:    f[0],
		Seconds:  float64(v[0]+v[1]) / ticks,
		Threads:  v[2],
		Resident: v[4] * r.page,
		Kernel:   v[3] == 0,
	}, nil
}
