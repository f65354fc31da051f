package itest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// alphabet has every byte with a meaning in line protocol, and a few that look as if they
// had one.
const alphabet = "a\\, =\"\n#\t\x00é"

// A position is a part of a line that can be a text. The field id numbers the text.
type position struct {
	name  string
	point func(e *lp.Encoder, text string, id int64)
	// read returns the text that the server stored for each id.
	read func(t *testing.T, s *Server, db string) map[int64]string
	// line writes text with the escapes of lp, even if lp refuses the text.
	line func(text string, id int) string
}

var positions = []position{
	{
		name: "measurement",
		point: func(e *lp.Encoder, text string, id int64) {
			e.Point(text)
			e.Int("id", id)
		},
		read: readMeasurements,
		line: func(text string, id int) string { return fmt.Sprintf("%s id=%di", minimal.Replace(text), id) },
	},
	{
		name: "measurement before tag",
		point: func(e *lp.Encoder, text string, id int64) {
			e.Point(text)
			e.Tag("t", "v")
			e.Int("id", id)
		},
		read: readMeasurements,
		line: func(text string, id int) string { return fmt.Sprintf("%s,t=v id=%di", minimal.Replace(text), id) },
	},
	{
		name: "tag key",
		point: func(e *lp.Encoder, text string, id int64) {
			e.Point("m")
			e.Tag(text, "v")
			e.Int("id", id)
		},
		read: readColumns(func(r *jsonscan.Row, i int) bool { return r.Kind(i) == jsonscan.KindString }),
		line: func(text string, id int) string { return fmt.Sprintf("m,%s=v id=%di", keys.Replace(text), id) },
	},
	{
		name: "tag value",
		point: func(e *lp.Encoder, text string, id int64) {
			e.Point("m")
			e.Tag("t", text)
			e.Int("id", id)
		},
		read: readCells("t"),
		line: func(text string, id int) string { return fmt.Sprintf("m,t=%s id=%di", keys.Replace(text), id) },
	},
	{
		name: "tag value before tag",
		point: func(e *lp.Encoder, text string, id int64) {
			e.Point("m")
			e.Tag("t", text)
			e.Tag("u", text)
			e.Int("id", id)
		},
		read: readCells("t", "u"),
		line: func(text string, id int) string {
			return fmt.Sprintf("m,t=%s,u=%[1]s id=%di", keys.Replace(text), id)
		},
	},
	{
		name: "field key",
		point: func(e *lp.Encoder, text string, id int64) {
			e.Point("m")
			e.Bool(text, true)
			e.Int("id", id)
		},
		read: readColumns(func(r *jsonscan.Row, i int) bool { return r.Kind(i) == jsonscan.KindBool }),
		line: func(text string, id int) string {
			return fmt.Sprintf("m %s=true,id=%di", strings.ReplaceAll(keys.Replace(text), `"`, `\"`), id)
		},
	},
	{
		name: "string field",
		point: func(e *lp.Encoder, text string, id int64) {
			e.Point("m")
			e.String("s", text)
			e.Int("id", id)
		},
		read: readCells("s"),
		line: func(text string, id int) string {
			return fmt.Sprintf(`m s="%s",id=%di`, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text), id)
		},
	},
}

// readMeasurements reads the name of every series.
func readMeasurements(t *testing.T, s *Server, db string) map[int64]string {
	got := map[int64]string{}
	scan(t, s, db, "SELECT id FROM /.*/", func(r *jsonscan.Row) {
		got[must[int64](t)(r.Int(1))] = r.Series().Name
	})
	return got
}

// readCells reads the named columns of m, which must all be equal in each row.
func readCells(names ...string) func(*testing.T, *Server, string) map[int64]string {
	return func(t *testing.T, s *Server, db string) map[int64]string {
		got := map[int64]string{}
		scan(t, s, db, "SELECT * FROM m", func(r *jsonscan.Row) {
			id := must[int64](t)(r.Int(column(t, r, "id")))
			for _, name := range names {
				i := column(t, r, name)
				if r.IsNull(i) {
					continue
				}
				text := must[string](t)(r.String(i))
				if before, ok := got[id]; ok && before != text {
					t.Errorf("row %d: %q and %q", id, before, text)
				}
				got[id] = text
			}
		})
		return got
	}
}

// readColumns reads, for each row of m, the name of the column with the given cell. There
// must be one in every row.
func readColumns(is func(r *jsonscan.Row, i int) bool) func(*testing.T, *Server, string) map[int64]string {
	return func(t *testing.T, s *Server, db string) map[int64]string {
		got := map[int64]string{}
		scan(t, s, db, "SELECT * FROM m", func(r *jsonscan.Row) {
			id, err := r.Int(column(t, r, "id"))
			if err != nil {
				return // a server made this point of a refused line
			}
			for i, name := range r.Series().Columns {
				if !is(r, i) {
					continue
				}
				if before, ok := got[id]; ok {
					t.Errorf("row %d: %q and %q", id, before, name)
				}
				got[id] = name
			}
		})
		return got
	}
}

// TestTextRoundTrip writes all strings of up to three characters of the alphabet at every
// position. The encoder must refuse a string, or the server must store exactly that string;
// and it must not refuse a string that the server would have stored unchanged.
func TestTextRoundTrip(t *testing.T) {
	texts := shortStrings(alphabet, 3)
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		for _, p := range positions {
			t.Run(p.name, func(t *testing.T) { p.roundTrip(t, s, texts) })
		}
	})
}

// TestLongTextRoundTrip does the same with random longer strings, which have runs of
// backslashes and are long enough for the encoder's word loops.
func TestLongTextRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	runes := []rune(alphabet + "bcdefghijk日😀\u2028")
	seen := map[string]bool{}
	var texts []string
	for len(texts) < 300 {
		text := make([]rune, 4+rnd.IntN(40))
		for i := range text {
			if text[i] = runes[rnd.IntN(len(runes))]; rnd.IntN(3) == 0 {
				text[i] = 'x'
			}
		}
		if rnd.IntN(2) == 0 { // most random texts have a line feed somewhere
			text = slices.DeleteFunc(text, func(r rune) bool { return r == '\n' })
		}
		if s := string(text); s != "" && !seen[s] {
			seen[s] = true
			texts = append(texts, s)
		}
	}
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		for _, p := range positions {
			t.Run(p.name, func(t *testing.T) { p.roundTrip(t, s, texts) })
		}
	})
}

func (p *position) roundTrip(t *testing.T, s *Server, texts []string) {
	db := newDatabase(t, s, "texts")
	var e lp.Encoder
	e.SetOptions(lp.Options{Dialect: lp.Influx1}) // accepts all that these servers store
	want := map[int64]string{}
	refused := map[int64]string{}
	for i, text := range texts {
		id := int64(i)
		p.point(&e, text, id)
		switch err := e.EndTimestamp(id); {
		case err == nil:
			want[id] = text
		case errors.As(err, new(*lp.PointError)):
			refused[id] = text
		default:
			t.Fatalf("%q: %v", text, err)
		}
	}
	if len(want) == 0 {
		t.Fatal("the encoder refuses everything")
	}
	if e.Lines() != len(want) {
		t.Errorf("%d lines of %d points", e.Lines(), len(want))
	}
	lines := string(e.Bytes())
	if is2(s) && p.name == "tag key" {
		lines = p.withoutReserved2(t, s, db, lines, want)
	}
	mustWrite(t, s, db, lines)
	got := p.read(t, s, db)
	for id, text := range want {
		if g, ok := got[id]; !ok {
			t.Errorf("%q is not stored", text)
		} else if g != text {
			t.Errorf("%q came back as %q", text, g)
		}
	}
	if len(got) > len(want) {
		t.Errorf("%d points came back, %d were written", len(got), len(want))
	}
	t.Logf("%d of %d texts written, %d refused", len(want), len(texts), len(refused))
	p.refusedRightly(t, s, refused)
}

// withoutReserved2 removes the tag key NUL from lines and want. InfluxDB 2 reserves it, and
// stores nothing of a body that has it.
func (p *position) withoutReserved2(t *testing.T, s *Server, db, lines string, want map[int64]string) string {
	t.Helper()
	for id, text := range want {
		if text != "\x00" {
			continue
		}
		line := p.line(text, int(id)) + fmt.Sprintf(" %d\n", id)
		if a := write(t, s, db, line); a.status != http.StatusBadRequest || !strings.Contains(a.body, "cannot use reserved tag key") {
			t.Errorf("tag key %q: %d %s", text, a.status, a.body)
		}
		delete(want, id)
		lines = strings.Replace(lines, line, "", 1)
	}
	return lines
}

// refusedRightly writes each text that the encoder refused, escaped as the encoder would
// have done. Two kinds of text are left out. InfluxDB stores a line feed after a backslash,
// but the encoder refuses it, so that a point is one line to every reader. And InfluxDB
// stores a tag with a backslash before a space, unless the text after it makes the line
// swallow the next one.
func (p *position) refusedRightly(t *testing.T, s *Server, refused map[int64]string) {
	db := newDatabase(t, s, "refused")
	client := s.HTTPClient()
	for id, text := range refused {
		if strings.Contains(text, "\n") {
			continue
		}
		line := p.line(text, int(id)) + fmt.Sprintf(" %d\n", id)
		resp, err := client.Post(s.URL()+"/write?db="+db, "", strings.NewReader(line))
		if err == nil {
			resp.Body.Close()
		} else if !strings.Contains(err.Error(), "malformed MIME header") {
			// The servers copy the line unchanged into a header of the response.
			t.Fatal(err)
		}
	}
	for id, text := range p.read(t, s, db) {
		if is2(s) && strings.HasPrefix(p.name, "measurement") && (strings.Contains(text, `\=`) || strings.Contains(text, `\"`)) {
			continue // InfluxDB 2 stores it unchanged, 1.x changes it
		}
		if refused[id] == text && !(strings.HasPrefix(p.name, "tag") && strings.Contains(text, `\ `)) {
			t.Errorf("%q was refused, but the server stores it", text)
		}
	}
}
