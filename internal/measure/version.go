package measure

import (
	"runtime"
	"runtime/debug"
	"strings"
)

// Version returns the version of a module in this program without its leading
// "v", or that of Go for the empty path, which stands for the standard library.
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

// version is that of the module which takes the place of m, if there is one.
func version(m *debug.Module) string {
	if m.Replace != nil {
		m = m.Replace
	}
	if m.Version == "" || m.Version == "v0.0.0" || m.Version == "(devel)" {
		return "this tree"
	}
	return strings.TrimPrefix(m.Version, "v")
}
