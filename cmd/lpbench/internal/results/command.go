package results

import (
	"strconv"
	"time"
)

// Command returns the command that measures a case again, as it was measured.
func (r *Report) Command(suite, name string) string {
	switch suite {
	case "roundtrip":
		return "go run ./cmd/lpbench roundtrip"
	case "load":
		return "go run ./cmd/lpbench " + name + " -url URL"
	case "quick":
		return "go run ./cmd/lpbench -quick"
	}
	command := "go run ./cmd/lpbench compare "
	if rounds := r.Environment.Get("rounds"); rounds != "" {
		command += "-count " + rounds + " "
	}
	if ns, err := strconv.ParseInt(r.Environment.Get("turn_ns"), 10, 64); err == nil {
		command += "-benchtime " + time.Duration(ns).String() + " "
	}
	if size := r.Environment.Get("size"); size != "" && size != "0" {
		command += "-size " + size + " "
	}
	if name == "" {
		return command + suite
	}
	return command + suite + "/" + name
}
