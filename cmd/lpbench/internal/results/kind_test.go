package results

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKind(t *testing.T) {
	for _, c := range []struct{ cpu, family, model, want string }{
		{"AMD EPYC", "", "", "epyc"},
		{"AMD EPYC", "25", "1", "epyc-25-1"},
		{"AMD EPYC", "25", "17", "epyc-25-17"},
		{"AMD EPYC 7763 64-Core Processor", "25", "1", "epyc-7763"},
		{"AMD EPYC-Milan Processor", "25", "1", "epyc-milan-25-1"},
		{"AMD Ryzen 9 5950X 16-Core Processor", "25", "33", "ryzen-9-5950x"},
		{"AMD Ryzen 7 7840U w/ Radeon 780M Graphics", "25", "116", "ryzen-7-7840u-w-radeon-780m-graphics"},
		{"AMD Athlon(tm) II X2 250 Dual-Core Processor", "16", "6", "athlon-ii-x2-250"},
		{"Intel(R) Xeon(R) Processor", "6", "143", "xeon-6-143"},
		{"Intel(R) Xeon(R) Processor", "", "", "xeon"},
		{"Intel(R) Xeon(R) CPU @ 2.20GHz", "6", "79", "xeon-6-79"},
		{"Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz", "6", "106", "xeon-platinum-8375c"},
		{"Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz", "6", "158", "core-i7-9750h"},
		{"QEMU Virtual CPU version 2.5+", "15", "107", "qemu-virtual-version-2-5"},
		{"processor unknown", "", "", "unknown"},
		{"", "", "", "unknown"},
	} {
		e := Environment{{"cpu", c.cpu}}
		if c.family != "" {
			e.Set("cpu_family", c.family)
			e.Set("cpu_model", c.model)
		}
		if got := e.Kind(); got != c.want {
			t.Errorf("%q, family %q, model %q: %q, want %q", c.cpu, c.family, c.model, got, c.want)
		}
	}
	e := Environment{{"cpu", "AMD EPYC"}, {"cpu_family", "25"}, {"cpu_model", "1"}}
	if got := e.Machine(); got != "AMD EPYC (family 25, model 1)" {
		t.Errorf("machine %q", got)
	}
}

// TestReadKinds holds that a directory gives its files of kinds, the newest first, and
// that a kind has one file.
func TestReadKinds(t *testing.T) {
	dir := t.TempDir()
	keep := func(name, cpu, date string) string {
		r := Report{Environment: Environment{{"cpu", cpu}, {"date", date}}, Results: []Result{{Suite: "s", Case: "c", Contender: "pointwire"}}}
		file := filepath.Join(dir, name)
		if err := r.WriteFile(file); err != nil {
			t.Fatal(err)
		}
		return file
	}
	keep("results-epyc.json", "AMD EPYC", "2026-01-01T00:00:00Z")
	keep("results-ryzen.json", "AMD Ryzen", "2026-01-03T00:00:00Z")
	keep("results-xeon.json", "Intel(R) Xeon(R) Processor", "2026-01-02T00:00:00Z")
	other := keep("other.json", "AMD EPYC", "2026-01-04T00:00:00Z")
	reports, err := ReadKinds(dir)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, r := range reports {
		kinds = append(kinds, r.Environment.Kind())
	}
	if got := strings.Join(kinds, " "); got != "ryzen xeon epyc" {
		t.Errorf("kinds %s", got)
	}
	if _, err := ReadKinds(dir, other); err == nil || !strings.Contains(err.Error(), "results-epyc.json") || !strings.Contains(err.Error(), "other.json") {
		t.Errorf("two files of one kind: %v", err)
	}
	if _, err := ReadKinds(t.TempDir()); err == nil {
		t.Error("an empty directory was read")
	}
	if err := os.WriteFile(filepath.Join(dir, "results-bad.json"), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKinds(dir); err == nil || !strings.Contains(err.Error(), "results-bad.json") {
		t.Errorf("a file that is none: %v", err)
	}
}
