package complaint

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/internal/line"
)

// serverWords are the servers' texts and what they put between them.
var serverWords = []string{
	"points beyond retention policy", "partial write: points beyond retention policy dropped=3", "partial write: ", "partial write",
	" dropped=1", "dropped=99", "unable to parse '", "unable to parse 'm v=1': missing fields", "m v=1': missing fields\nunable to parse 'm v=2",
	"': invalid number", "'", "\n", "field type conflict", "field type conflict: input field \"v\" on measurement \"m\" is type float, already exists as type integer dropped=9",
	"hinted handoff queue not empty", "retention policy not found: x", "database is required", "unexpected EOF", "engine: field type conflict",
	"partial write of line protocol occurred", "failure writing points to database: partial write: x dropped=2",
	"dropped 3 points outside retention policy of duration 1h0m0s", " for database: d for retention policy: autogen",
	"max-series-per-database limit exceeded: (1) dropped=1",
}

// Texts of servers, with a name in the places of users' names, mean the same whatever
// the name is.
func FuzzComplaint(f *testing.F) {
	for _, w := range serverWords {
		f.Add(w, w)
		f.Add("m", w)
		f.Add(w, "v")
	}
	f.Fuzz(func(t *testing.T, name, key string) {
		for _, c := range []struct {
			text string
			want Complaint
		}{
			{fmt.Sprintf("partial write: field type conflict: input field \"%s\" on measurement \"%s\" is type float, already exists as type integer dropped=7", key, name),
				Complaint{Kind: Dropped, Dropped: 7, Exact: true}},
			{fmt.Sprintf("failure writing points to database: partial write: field type conflict: input field %q on measurement %q is type float, already exists as type integer dropped=7", key, name),
				Complaint{Kind: Dropped, Dropped: 7, Exact: true}},
			{fmt.Sprintf("partial write: invalid tag key: input tag \"time\" on measurement \"%s\" is invalid dropped=2", name),
				Complaint{Kind: Dropped, Dropped: 2, Exact: true}},
			{fmt.Sprintf("partial write: max-values-per-tag limit exceeded (1/1): measurement=%q tag=%q value=%q dropped=2", name, key, name),
				Complaint{Kind: Dropped, Dropped: 2}},
			{fmt.Sprintf("partial write: unable to parse '%s v=': missing field value dropped=0", name), Complaint{Kind: Unparsed, Stored: true}},
			{fmt.Sprintf("unable to parse '%s v=': missing field value", name), Complaint{Kind: Unparsed}},
			{fmt.Sprintf("failure writing points to database: partial write: dropped 3 points outside retention policy of duration 1h0m0s - oldest point %s at 2020-01-01T00:00:00Z dropped because it violates a Retention Policy Lower Bound at 2026-01-01T00:00:00Z, newest point %s at 2020-01-01T00:00:00Z dropped because it violates a Retention Policy Lower Bound at 2026-01-01T00:00:00Z dropped=3 for database: 0123456789abcdef for retention policy: autogen", name, name),
				Complaint{Kind: Beyond, Dropped: 3, Exact: true}},
			{fmt.Sprintf("\"%s\" user is not authorized to write to database \"%s\"", name, key), Complaint{}},
			{fmt.Sprintf("database not found: %q", name), Complaint{}},
			{fmt.Sprintf("retention policy not found: %s", name), Complaint{Kind: Policy}},
		} {
			got := Read(c.text)
			got.quotes, got.reason = "", ""
			if got != c.want {
				t.Fatalf("%q: %+v, want %+v", c.text, got, c.want)
			}
		}
	})
}

// FuzzQuoted makes lines of arbitrary names and values, of which some are bad, and the
// text of a server that quotes these: what is found is these or nothing.
func FuzzQuoted(f *testing.F) {
	for i, w := range serverWords {
		f.Add(w, serverWords[(i+7)%len(serverWords)], uint64(0x5a5a5a>>(i%8)), uint8(i))
	}
	f.Fuzz(func(t *testing.T, a, b string, bad uint64, n uint8) {
		var data []byte
		var quotes []string
		var want []int
		for i := range 1 + int(n)%40 {
			l := []string{
				"m v=\"" + quoteText(a) + "\" 1", "m v=\"" + quoteText(a) + "': " + quoteText(b) + "\" 1",
				"m v=1", "m v=\"" + quoteText(a+b) + "\",w=" + strconv.Itoa(i), "m v=\"" + quoteText(b) + "\"",
			}[(i+int(n))%5]
			if line.Count([]byte(l+"\n")) != 1 {
				return // the value ends its line in the eyes of the splitter
			}
			isBad := bad>>(i%64)&1 != 0
			// The same line has the same outcome.
			if before := strings.Index("\n"+string(data), "\n"+l+"\n"); before >= 0 {
				isBad = false
				for _, q := range quotes {
					isBad = isBad || strings.HasPrefix(q, "unable to parse '"+l+"': ") && len(q) < len(l)+50
				}
			}
			if isBad {
				want = append(want, len(data))
				quotes = append(quotes, "unable to parse '"+l+"': "+[]string{"missing fields", "invalid number", "bad timestamp"}[i%3])
			}
			data = append(append(data, l...), '\n')
		}
		c := Read(strings.Join(quotes, "\n"))
		var got []int
		if !c.Quoted(data, func(from, _ int, _ string) { got = append(got, from) }) {
			return
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("of %q\n%q quotes lines at %v, found %v", data, strings.Join(quotes, "\n"), want, got)
		}
	})
}

// quoteText makes s the text of a string field.
func quoteText(s string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) }

// The suspects are the lines that the server speaks of, whatever they are called.
func TestSuspects(t *testing.T) {
	for _, name := range serverWords {
		if strings.ContainsAny(name, "\n\"") {
			continue
		}
		escaped := strings.NewReplacer(",", `\,`, " ", `\ `, "=", `\=`).Replace(name)
		data := fmt.Sprintf("m,%[1]s=%[1]s %[1]s=1i,v=\"%[2]s\" 1\nm %[1]s=1.5 2\nn %[1]s=1.5 3\nm v=1.5,%[1]s=2 4\nm %[1]s=t 5\n", escaped, quoteText(name))
		for _, text := range []string{
			fmt.Sprintf("partial write: field type conflict: input field \"%s\" on measurement \"m\" is type float, already exists as type integer dropped=2", name),
			fmt.Sprintf("failure writing points to database: partial write: field type conflict: input field %q on measurement \"m\" is type float, already exists as type integer dropped=2", name),
		} {
			c := Read(text)
			marks, ok := c.Suspects([]byte(data), 5, pointwire.Nanosecond)
			if want := "[false true false true false]"; !ok || fmt.Sprint(marks) != want {
				t.Errorf("%s\n%s: %v %v, want %s", data, text, marks, ok, want)
			}
		}
	}
}
