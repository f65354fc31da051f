// Package hostproc reads the counters of this host from Linux's /proc. They are the real
// data of lpbench and of the host monitor example.
package hostproc

// CPU is the time in seconds that one processor has spent on each kind of work since boot,
// and how busy it was since the sample before.
type CPU struct {
	Time   int64   `lp:",timestamp"`
	CPU    string  `lp:"cpu,tag"`
	User   float64 `lp:"user"`
	System float64 `lp:"system"`
	Idle   float64 `lp:"idle"`
	IOWait float64 `lp:"iowait"`
	Busy   float64 `lp:"busy"` // share of the time since the sample before, 0 to 1
}

// Memory is the state of the main memory in bytes, and the load averages.
type Memory struct {
	Time      int64   `lp:",timestamp"`
	Total     int64   `lp:"total"`
	Free      int64   `lp:"free"`
	Available int64   `lp:"available"`
	Cached    int64   `lp:"cached"`
	Used      float64 `lp:"used"` // share of the total that is not available, 0 to 1
	Load1     float64 `lp:"load1"`
	Load5     float64 `lp:"load5"`
	Load15    float64 `lp:"load15"`
}

// Disk is the work that one block device has done since boot.
type Disk struct {
	Time         int64  `lp:",timestamp"`
	Device       string `lp:"device,tag"`
	Reads        int64  `lp:"reads"`
	ReadBytes    int64  `lp:"read_bytes"`
	Writes       int64  `lp:"writes"`
	WrittenBytes int64  `lp:"written_bytes"`
	BusyMillis   int64  `lp:"busy_ms"`
}

// Network is the traffic of one network interface since boot.
type Network struct {
	Time            int64  `lp:",timestamp"`
	Interface       string `lp:"interface,tag"`
	ReceivedBytes   int64  `lp:"received_bytes"`
	ReceivedPackets int64  `lp:"received_packets"`
	ReceiveErrors   int64  `lp:"receive_errors"`
	SentBytes       int64  `lp:"sent_bytes"`
	SentPackets     int64  `lp:"sent_packets"`
	SendErrors      int64  `lp:"send_errors"`
}

// Process is the state of one process.
type Process struct {
	Time     int64   `lp:",timestamp"`
	PID      string  `lp:"pid,tag"`
	Name     string  `lp:"name"`
	State    string  `lp:"state"`
	Seconds  float64 `lp:"cpu_seconds"` // user and system time
	Threads  int64   `lp:"threads"`
	Resident int64   `lp:"resident"` // bytes
	Kernel   bool    `lp:"kernel"`   // a thread of the kernel, which has no memory of its own
}

// Sample is the state of the host at one moment. All its points have the same timestamp,
// in nanoseconds.
type Sample struct {
	CPUs      []CPU
	Memory    Memory
	Disks     []Disk
	Networks  []Network
	Processes []Process
}

// Points returns how many points the sample holds.
func (s *Sample) Points() int {
	return len(s.CPUs) + 1 + len(s.Disks) + len(s.Networks) + len(s.Processes)
}
