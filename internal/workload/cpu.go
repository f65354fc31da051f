package workload

import (
	"fmt"
	"math/rand/v2"
)

// CPU is a point of the "cpu-only" case of the Time Series Benchmark Suite: ten tags and
// ten float fields, the usual shape of a host agent's points. Tags and fields are in the
// order of their keys, so that libraries that sort and libraries that keep the order
// write the same line.
type CPU struct {
	Timestamp int64 `lp:",timestamp"`

	Arch               string `lp:"arch,tag"`
	Datacenter         string `lp:"datacenter,tag"`
	Hostname           string `lp:"hostname,tag"`
	OS                 string `lp:"os,tag"`
	Rack               string `lp:"rack,tag"`
	Region             string `lp:"region,tag"`
	Service            string `lp:"service,tag"`
	ServiceEnvironment string `lp:"service_environment,tag"`
	ServiceVersion     string `lp:"service_version,tag"`
	Team               string `lp:"team,tag"`

	Guest     float64 `lp:"usage_guest"`
	GuestNice float64 `lp:"usage_guest_nice"`
	Idle      float64 `lp:"usage_idle"`
	IOWait    float64 `lp:"usage_iowait"`
	IRQ       float64 `lp:"usage_irq"`
	Nice      float64 `lp:"usage_nice"`
	SoftIRQ   float64 `lp:"usage_softirq"`
	Steal     float64 `lp:"usage_steal"`
	System    float64 `lp:"usage_system"`
	User      float64 `lp:"usage_user"`

	// Host is the number of the host, from 0 to CPUHosts-1: points of one host
	// have the same tags. It is not part of the line.
	Host int `lp:"-"`
}

// CPUHosts is the number of hosts that report in CPUs, each once per round of
// ten seconds.
const CPUHosts = 200

// CPUTags and CPUFields are the keys of CPU, in order.
var (
	CPUTags = []string{"arch", "datacenter", "hostname", "os", "rack", "region", "service",
		"service_environment", "service_version", "team"}
	CPUFields = []string{"usage_guest", "usage_guest_nice", "usage_idle", "usage_iowait", "usage_irq",
		"usage_nice", "usage_softirq", "usage_steal", "usage_system", "usage_user"}
)

// Tags returns the values of the tags in the order of CPUTags.
func (p *CPU) Tags() [10]string {
	return [10]string{p.Arch, p.Datacenter, p.Hostname, p.OS, p.Rack, p.Region, p.Service,
		p.ServiceEnvironment, p.ServiceVersion, p.Team}
}

// Values returns the values of the fields in the order of CPUFields.
func (p *CPU) Values() [10]float64 {
	return [10]float64{p.Guest, p.GuestNice, p.Idle, p.IOWait, p.IRQ, p.Nice, p.SoftIRQ, p.Steal, p.System, p.User}
}

var (
	regions = [...]string{"ap-northeast-1", "ap-southeast-2", "eu-central-1", "eu-west-1", "sa-east-1", "us-east-1", "us-west-2"}
	systems = [...]string{"Ubuntu15.10", "Ubuntu16.04LTS", "Ubuntu16.10"}
	teams   = [...]string{"CHI", "LON", "NYC", "SF"}
	stages  = [...]string{"production", "staging", "test"}
)

// CPUs returns n points in time order. As in the suite, each field is a random walk with
// standard normal steps, limited to 0 to 100. Its values print with 15 to 17 digits, like
// percentages computed from counters; they are the most expensive case for a
// shortest-float routine. Values under 0.001 are 0, because libraries differ in where
// they begin to write exponents.
func CPUs(n int, seed uint64) []CPU {
	r := rand.New(rand.NewPCG(seed, 0x637075))
	hosts := make([]CPU, CPUHosts)
	walk := make([][10]float64, CPUHosts)
	for i := range hosts {
		region := regions[r.IntN(len(regions))]
		hosts[i] = CPU{
			Host:               i,
			Arch:               [...]string{"x64", "x86"}[r.IntN(2)],
			Datacenter:         region + string(rune('a'+r.IntN(3))),
			Hostname:           fmt.Sprintf("host_%d", i),
			OS:                 systems[r.IntN(len(systems))],
			Rack:               fmt.Sprint(r.IntN(100)),
			Region:             region,
			Service:            fmt.Sprint(r.IntN(20)),
			ServiceEnvironment: stages[r.IntN(len(stages))],
			ServiceVersion:     fmt.Sprint(r.IntN(2)),
			Team:               teams[r.IntN(len(teams))],
		}
		for k := range walk[i] {
			walk[i][k] = r.Float64() * 100
		}
	}
	points := make([]CPU, n)
	for i := range points {
		h := i % CPUHosts
		for k := range walk[h] {
			walk[h][k] = min(100, max(0, walk[h][k]+r.NormFloat64()))
		}
		p := hosts[h]
		p.Timestamp = GuideTrade.Timestamp + int64(i/CPUHosts)*10e9
		for k, f := range []*float64{&p.Guest, &p.GuestNice, &p.Idle, &p.IOWait, &p.IRQ, &p.Nice, &p.SoftIRQ, &p.Steal, &p.System, &p.User} {
			if *f = walk[h][k]; *f < 0.001 {
				*f = 0
			}
		}
		points[i] = p
	}
	return points
}
