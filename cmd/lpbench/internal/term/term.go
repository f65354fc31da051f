// Package term shows things to a person: tables, numbers and progress, with
// the codes of terminals on a terminal only.
package term

import "os"

// IsTerminal reports whether f is one.
func IsTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && f.Name() != os.DevNull
}

// Colour reports whether what is written to f may hold the codes of terminals,
// see no-color.org.
func Colour(f *os.File) bool {
	return IsTerminal(f) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// A Style is one way in which text stands out.
type Style string

// Styles.
const (
	Plain  Style = ""
	Bold   Style = "1"
	Dim    Style = "2"
	Good   Style = "32" // green
	Bad    Style = "31" // red
	Strong Style = "1;36"
)

// paint returns text in the style if there is colour.
func paint(text string, s Style, colour bool) string {
	if !colour || s == Plain {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}
