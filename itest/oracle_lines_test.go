package itest

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/pointwire/pointwire/lp"
)

// serverPhrases are the words of the servers' errors, and the separators between them.
var serverPhrases = []string{
	"points beyond retention policy", "partial write: points beyond retention policy dropped=3", "partial write", " dropped=1",
	"unable to parse", "unable to parse 'm': missing fields", "m': missing fields\nunable to parse 'm v=1", "': invalid number",
	"field type conflict", "field type conflict: input field \"v\" on measurement \"m\" is type float, already exists as type integer dropped=9",
	"hinted handoff queue not empty", "retention policy not found: x", "database not found", "timeout",
	"partial write of line protocol occurred", "failure writing points to database: partial write: x dropped=2",
	"dropped 3 points outside retention policy of duration 1h0m0s", " for database: d for retention policy: autogen",
	"max-series-per-database limit exceeded: (1) dropped=1", "unsupported path", "<html>", `{"error":"x"}`, "'", `"`, "ä", "a b",
}

// The kinds of lines.
type lineKind int

const (
	lineGood     lineKind = iota
	lineConflict          // v is a float where the measurement and the shard have an integer
	lineBeyond            // older than the retention policy keeps
	lineUnparsed          // refused by the parser of every server
	lineUnsigned          // refused by the parser of 1.x
	numLineKinds
)

// An oracleBatch is a batch of numbered lines.
type oracleBatch struct {
	run   string
	lines []string // each ends with a line feed
	kinds []lineKind
	times []int64 // in nanoseconds, 0 if the server or the client sets the time
	// precision is the unit of the timestamps in lines.
	precision lp.Precision
	// seeded reports that the field is already an integer, so that a line of another
	// type cannot make good lines bad.
	seeded bool
	raw    bool // there are lines that a Writer would not accept
	// open is 1 if a line leaves a quote open. A second open quote would close it, and
	// the server would take all between them for one line. Client.Write cannot know
	// that, since it does not look at lines.
	open int
	// unstamped reports that some lines have no timestamp. The server gives them one,
	// and stores them twice if they are sent twice.
	unstamped bool
}

// unstamp removes timestamps.
func (b *oracleBatch) unstamp(rng *rand.Rand) {
	b.unstamped = true
	share := rng.Float64()
	for i, line := range b.lines {
		if b.kinds[i] == lineBeyond || rng.Float64() > share {
			continue
		}
		// Points of one series without a timestamp would replace each other.
		line = b.own(i, line)
		b.lines[i] = line[:strings.LastIndexByte(line, ' ')] + "\n"
		b.times[i] = 0
	}
}

// own puts line i into a series of its own.
func (b *oracleBatch) own(i int, line string) string {
	if b.precision > lp.Nanosecond {
		return line // it has one already
	}
	return strings.Replace(line, ",run="+b.run, ",run="+b.run+",u="+strconv.Itoa(i), 1)
}

// setPrecision writes the timestamps in p.
func (b *oracleBatch) setPrecision(p lp.Precision) {
	b.times = make([]int64, len(b.lines))
	for i, line := range b.lines {
		at := strings.LastIndexByte(line, ' ') + 1
		ts, _ := strconv.ParseInt(line[at:len(line)-1], 10, 64)
		if b.times[i] = ts / p.Unit() * p.Unit(); p > lp.Nanosecond {
			line = b.own(i, line[:at]+strconv.FormatInt(ts/p.Unit(), 10)+"\n")
		}
		b.lines[i] = line
	}
	b.precision = p
}

// readable cuts the body into lines as the servers do, and returns the lines that can be
// read and the number of the others. A quote that stays open makes one line of several.
func (b *oracleBatch) readable() (ids map[int]bool, refused int) {
	ids = map[int]bool{}
	var d lp.Decoder
	d.SetOptions(lp.DecoderOptions{Precision: b.precision})
	d.Reset(b.body())
	for {
		view, err := d.Next()
		if err == io.EOF {
			return ids, refused
		}
		if err != nil {
			refused++
			continue
		}
		id, _ := strconv.Atoi(string(idField.FindSubmatch(view.Raw())[1]))
		ids[id] = true
	}
}

// bad returns how many lines servers may have a reason to refuse.
func (b *oracleBatch) bad() (n int) {
	for _, k := range b.kinds {
		if k != lineGood {
			n++
		}
	}
	return n
}

// stamped reports whether a line has a timestamp.
func (b *oracleBatch) stamped(i int) bool {
	return b.times[i] != 0
}

// make makes a batch: sizes are spread evenly on a logarithmic scale.
func (o *oracle) make(rng *rand.Rand) *oracleBatch {
	n := int(math.Exp(rng.Float64() * math.Log(5001)))
	b := &oracleBatch{run: strconv.Itoa(o.runs) + "." + strconv.FormatUint(rng.Uint64()>>40, 16), raw: rng.IntN(8) == 0}
	names := make([]string, 1+rng.IntN(4))
	for i := range names {
		names[i] = "m" + strconv.Itoa(o.runs) + "_" + strconv.Itoa(i)
		if rng.IntN(2) == 0 {
			names[i] = escapeMeasurement(serverPhrases[rng.IntN(len(serverPhrases))] + names[i])
		}
		if rng.IntN(4) == 0 {
			names[i] += "\\ " + escapeMeasurement(serverPhrases[rng.IntN(len(serverPhrases))])
		}
	}
	// Choose how many lines are of each bad kind: none, one, a few or many, and whether
	// they are together.
	var share [numLineKinds]float64
	for k := lineConflict; k < numLineKinds; k++ {
		switch rng.IntN(6) {
		case 0:
			share[k] = 1 / float64(n)
		case 1:
			share[k] = float64(1+rng.IntN(4)) / float64(n)
		case 2:
			if share[k] = rng.Float64() / 3; n > 300 {
				share[k] /= float64(n) / 300
			}
		}
	}
	if rng.IntN(4) == 0 {
		share = [numLineKinds]float64{}
	}
	if o.target.whole {
		share[lineUnsigned] = 0
	}
	together := rng.IntN(3) == 0
	shards := 1 + rng.IntN(3)
	field := "v"
	if rng.IntN(3) == 0 {
		field = escapeName(serverPhrases[rng.IntN(len(serverPhrases))])
	}
	if rng.IntN(4) > 0 {
		o.seed(names, field, shards)
		b.seeded = true
	}
	text := func() string {
		if rng.IntN(3) > 0 {
			return "x"
		}
		return escapeText(serverPhrases[rng.IntN(len(serverPhrases))])
	}
	for i := range n {
		kind := lineGood
		at := rng.Float64()
		if together {
			at = float64(i) / float64(n)
		}
		for k := lineConflict; k < numLineKinds; k++ {
			if at -= share[k]; at < 0 {
				kind = k
				break
			}
		}
		b.kinds = append(b.kinds, kind)
		b.lines = append(b.lines, o.line(rng, b, i, kind, names[rng.IntN(len(names))], field, shards, text()))
		o.kinds[kind]++
	}
	return b
}

// seed makes the field an integer in every shard.
func (o *oracle) seed(names []string, field string, shards int) {
	var lines []byte
	for _, name := range names {
		for shard := range shards {
			lines = fmt.Appendf(lines, "%s,run=seed id=0i,%s=1i %d\n", name, field, o.time(shard, 0))
		}
	}
	if err := o.client.Write(o.t.Context(), lines); err != nil {
		o.t.Fatal(err)
	}
}

func (o *oracle) time(shard, i int) int64 {
	return o.now.Add(-time.Hour-time.Duration(shard)*8*24*time.Hour).UnixNano() + int64(i)
}

func (o *oracle) line(rng *rand.Rand, b *oracleBatch, i int, kind lineKind, name, field string, shards int, text string) string {
	value, extra := "1i", ""
	at := o.time(rng.IntN(shards), i+1)
	switch kind {
	case lineConflict:
		value = []string{"2.5", `"text"`, "true"}[rng.IntN(3)]
	case lineBeyond:
		at -= int64(400 * 24 * time.Hour)
	case lineUnsigned:
		extra = ",w=7u"
	case lineUnparsed:
		if extra = "," + spoilGood; b.raw {
			extra = []string{",w=1x", ",w=", ",=1", ",w=-", ",w=1.2.3", ",w=tru", ",time", `,w="a"b"`}[rng.IntN(8-b.open)]
			if extra == `,w="a"b"` {
				b.open = 1
			}
		}
	}
	tags := ""
	if b.raw && kind == lineUnparsed && rng.IntN(4) == 0 {
		tags, extra = ",run=x", "" // a duplicate
	}
	if rng.IntN(3) == 0 {
		tags += ",t=" + escapeName(serverPhrases[rng.IntN(len(serverPhrases))])
	}
	return fmt.Sprintf("%s,run=%s%s id=%di,%s=%s,s=\"%s\"%s %d\n", name, b.run, tags, i, field, value, text, extra, at)
}

func escapeMeasurement(s string) string {
	return strings.NewReplacer("\n", "_", ",", `\,`, " ", `\ `).Replace(s)
}

func escapeName(s string) string { return strings.ReplaceAll(escapeMeasurement(s), "=", `\=`) }

func escapeText(s string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) }

func (b *oracleBatch) body() []byte { return []byte(strings.Join(b.lines, "")) }

func (b *oracleBatch) all() map[int]bool {
	ids := map[int]bool{}
	for i := range b.lines {
		ids[i] = true
	}
	return ids
}
