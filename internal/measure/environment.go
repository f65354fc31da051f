package measure

import (
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// An Environment describes the machine and the program with which figures were measured.
type Environment struct {
	CPU   string    `json:"cpu"`
	Cores int       `json:"cores"`
	OS    string    `json:"os"`
	Arch  string    `json:"arch"`
	Go    string    `json:"go"`
	Date  time.Time `json:"date"`
	// Commit is the commit of this tree, with "-dirty" if files differ from it. It is
	// empty where neither the program nor git knows it.
	Commit string `json:"commit,omitempty"`
	// Modules maps the path of each module in this program to its version.
	Modules map[string]string `json:"modules"`
	Rounds  int               `json:"rounds"`
	// Processes is in how many processes the suite numbers takes its rounds.
	Processes int `json:"processes,omitempty"`
	// Turn is the least duration of a turn.
	Turn time.Duration `json:"turn_ns"`
	// Size is the share of the data that was used, or 0 if it differs from case to
	// case, as on a tour.
	Size float64 `json:"size"`
	Tour bool    `json:"tour,omitempty"`
}

// Here returns the environment of this process. The caller sets Rounds, Turn and Size.
func Here() Environment {
	e := Environment{
		CPU: CPUModel(), Cores: runtime.NumCPU(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Go: runtime.Version(), Date: time.Now().UTC().Truncate(time.Second), Modules: map[string]string{},
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			e.Modules[m.Path] = Version(m.Path)
		}
		e.Commit = commit(info.Settings)
	}
	if e.Commit == "" {
		// "go run" and "go test" do not record the commit in the program.
		out, _ := exec.Command("git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*").Output()
		e.Commit = strings.TrimSpace(string(out))
	}
	return e
}

// commit returns the commit recorded in the program, if there is one.
func commit(settings []debug.BuildSetting) (c string) {
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision":
			c = s.Value
		case s.Key == "vcs.modified" && s.Value == "true" && c != "":
			c += "-dirty"
		}
	}
	return c
}

// CPUModel returns the name of the processor, if the system tells it.
func CPUModel() string {
	if name := cpuinfo("model name"); name != "" {
		return name
	}
	return "processor unknown"
}

// CPUFamily returns the numbers of the processor's family and of the model in it, or "".
// They tell processors apart where a virtual machine shortens their name.
func CPUFamily() (family, model string) { return cpuinfo("cpu family"), cpuinfo("model") }

// cpuinfo returns what /proc/cpuinfo says about the first processor, or "".
func cpuinfo(key string) string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(info)) {
			if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == key {
				return strings.TrimSpace(v)
			}
		}
	}
	return ""
}

// Version returns the version of a module in this program, without its leading "v". The
// empty path stands for the standard library, whose version is that of Go.
func Version(module string) string {
	if module == "" {
		return runtime.Version()
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == module {
			return version(m)
		}
	}
	return ""
}

// version returns the version of m, or of the module that replaces it.
func version(m *debug.Module) string {
	if m.Replace != nil {
		m = m.Replace
	}
	if m.Version == "" || m.Version == "v0.0.0" || m.Version == "(devel)" {
		return "this tree"
	}
	return strings.TrimPrefix(m.Version, "v")
}
