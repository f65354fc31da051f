package results

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Command returns the command that measures a case again, as it was measured; a
// suite without a name of a case, and everything without a suite.
// The facts roundtrip_flags and load_flags hold the flags that were given to
// those parts, rounds, turn_ns, size and processes what the comparison ran with.
func (r *Report) Command(suite, name string) string {
	command := "go run ./cmd/lpbench "
	switch suite {
	case "":
		return join(strings.TrimSpace(command), r.Environment.Get("roundtrip_flags"), r.compareFlags())
	case "roundtrip":
		return join(command+"roundtrip", r.Environment.Get("roundtrip_flags"))
	case "load":
		flags := r.Environment.Get("load_flags")
		if flags == "" {
			flags = "-url URL"
		}
		return join(command+name, flags)
	case "quick":
		return join(command+"-quick", r.compareFlags())
	}
	if name != "" {
		suite += "/" + name
	}
	return join(command+"compare", r.compareFlags(), suite)
}

func (r *Report) compareFlags() string {
	var flags []string
	if rounds := r.Environment.Get("rounds"); rounds != "" {
		flags = append(flags, "-count", rounds)
	}
	if ns, err := strconv.ParseInt(r.Environment.Get("turn_ns"), 10, 64); err == nil {
		flags = append(flags, "-benchtime", time.Duration(ns).String())
	}
	if size := r.Environment.Get("size"); size != "" && size != "0" {
		flags = append(flags, "-size", size)
	}
	if n := r.Environment.Get("processes"); n != "" && n != strconv.Itoa(DefaultProcesses) {
		flags = append(flags, "-processes", n)
	}
	return strings.Join(flags, " ")
}

// DefaultProcesses is among how many processes the rounds of the suite numbers are shared,
// unless a flag says otherwise. Six processes have an interval of 95 %, five have none.
const DefaultProcesses = 6

// join puts a space between the parts that are not empty.
func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}
