package main

import (
	"github.com/pointwire/pointwire/internal/hostproc"
	"github.com/pointwire/pointwire/lp"
)

// encode turns a sample into points. The encoder keeps the error of a bad point, and
// Writer.Encode returns it.
func encode(e *lp.Encoder, s *hostproc.Sample) {
	for i := range s.CPUs {
		encodeCPU(e, &s.CPUs[i])
	}
	encodeMemory(e, &s.Memory)
	for i := range s.Disks {
		encodeDisk(e, &s.Disks[i])
	}
	for i := range s.Networks {
		encodeNetwork(e, &s.Networks[i])
	}
	for i := range s.Processes {
		encodeProcess(e, &s.Processes[i])
	}
}

func encodeCPU(e *lp.Encoder, p *hostproc.CPU) {
	e.Point("cpu")
	e.Tag("cpu", p.CPU)
	e.Float("user", p.User)
	e.Float("system", p.System)
	e.Float("idle", p.Idle)
	e.Float("iowait", p.IOWait)
	e.Float("busy", p.Busy)
	e.EndTimestamp(p.Time)
}

func encodeMemory(e *lp.Encoder, p *hostproc.Memory) {
	e.Point("memory")
	e.Int("total", p.Total)
	e.Int("free", p.Free)
	e.Int("available", p.Available)
	e.Int("cached", p.Cached)
	e.Float("used", p.Used)
	e.Float("load1", p.Load1)
	e.Float("load5", p.Load5)
	e.Float("load15", p.Load15)
	e.EndTimestamp(p.Time)
}

func encodeDisk(e *lp.Encoder, p *hostproc.Disk) {
	e.Point("disk")
	e.Tag("device", p.Device)
	e.Int("reads", p.Reads)
	e.Int("read_bytes", p.ReadBytes)
	e.Int("writes", p.Writes)
	e.Int("written_bytes", p.WrittenBytes)
	e.Int("busy_ms", p.BusyMillis)
	e.EndTimestamp(p.Time)
}

func encodeNetwork(e *lp.Encoder, p *hostproc.Network) {
	e.Point("network")
	e.Tag("interface", p.Interface)
	e.Int("received_bytes", p.ReceivedBytes)
	e.Int("received_packets", p.ReceivedPackets)
	e.Int("receive_errors", p.ReceiveErrors)
	e.Int("sent_bytes", p.SentBytes)
	e.Int("sent_packets", p.SentPackets)
	e.Int("send_errors", p.SendErrors)
	e.EndTimestamp(p.Time)
}

func encodeProcess(e *lp.Encoder, p *hostproc.Process) {
	e.Point("process")
	e.Tag("pid", p.PID)
	e.String("name", p.Name)
	e.String("state", p.State)
	e.Float("cpu_seconds", p.Seconds)
	e.Int("threads", p.Threads)
	e.Int("resident", p.Resident)
	e.Bool("kernel", p.Kernel)
	e.EndTimestamp(p.Time)
}
