package results

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	// noise is what names of processors hold besides the model.
	noise = regexp.MustCompile(`\(r\)|\(tm\)|@.*|\b(\d+|dual|quad|six|eight)-core\b|\b(intel|amd|genuine|processor|cpu|with .*)\b`)
	// gaps is what a file name should not hold.
	gaps = regexp.MustCompile(`[^a-z0-9]+`)
)

// Kind returns a short name of the processor, of lower-case letters, digits and hyphens:
// "xeon-platinum-8375c". Where the name has no number, as in many virtual machines, the
// processor's family and the model in it follow, if they are known: "epyc-25-1".
func (e Environment) Kind() string {
	name := noise.ReplaceAllString(strings.ToLower(e.Get("cpu")), " ")
	kind := cmp.Or(strings.Trim(gaps.ReplaceAllString(name, "-"), "-"), "unknown")
	if family := e.Get("cpu_family"); family != "" && !strings.ContainsAny(kind, "0123456789") {
		kind += "-" + family + "-" + e.Get("cpu_model")
	}
	return kind
}

// FileName returns the name of the file for runs on a kind of processor.
func FileName(kind string) string { return "results-" + kind + ".json" }

// ReadKinds reads files, of a directory those with the name of a kind, and returns a report
// per kind of processor, the newest first. Two reports of one kind are an error.
func ReadKinds(names ...string) ([]*Report, error) {
	var (
		reports []*Report
		of      = map[string]string{} // the file of each kind
	)
	for _, name := range names {
		files := []string{name}
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			if files, err = filepath.Glob(filepath.Join(name, FileName("*"))); err != nil {
				return nil, err
			}
			if len(files) == 0 {
				return nil, fmt.Errorf("%s holds no file %s", name, FileName("KIND"))
			}
		}
		for _, file := range files {
			r, err := ReadFile(file)
			if err != nil {
				return nil, err
			}
			kind := r.Environment.Kind()
			if of[kind] != "" {
				return nil, fmt.Errorf("%s and %s are both of the processor %s", of[kind], file, kind)
			}
			of[kind] = file
			reports = append(reports, r)
		}
	}
	slices.SortStableFunc(reports, func(a, b *Report) int {
		return cmp.Compare(b.Environment.Get("date"), a.Environment.Get("date"))
	})
	return reports, nil
}
