package docs

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestFeatures holds that each row of features.md names tests, and that there are such tests.
func TestFeatures(t *testing.T) {
	text, err := os.ReadFile("features.md")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("git", "grep", "-hoE", "--untracked", "^func (Test|Fuzz)[A-Za-z0-9]+", "--", "../*_test.go").Output()
	if err != nil {
		t.Skip("no repository: ", err)
	}
	there := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		there[strings.TrimSpace(strings.TrimPrefix(line, "func "))] = true
	}
	rows := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| feature ") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 4 {
			t.Errorf("%d cells: %s", len(cells), line)
			continue
		}
		names := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`").FindAllStringSubmatch(cells[3], -1)
		if len(names) == 0 || !strings.Contains(cells[1], "](") {
			t.Errorf("no test or no link: %s", line)
		}
		for _, name := range names {
			if !there[name[1]] {
				t.Errorf("%s: no test %s", cells[0], name[1])
			}
		}
	}
	if rows < 15 {
		t.Errorf("only %d rows", rows)
	}
}
