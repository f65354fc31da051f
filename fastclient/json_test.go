package fastclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/jsonscan"
)

const jsonResponse = `{"results":[{"statement_id":0,"series":[{"name":"m","tags":{"a":"x","b":""},"columns":["time","v"],` +
	`"values":[[1500000000060748059,9223372036854775807],[2,-0],[3,null],[4,"a\"b"],[5,true],[6,1e+21]]}]},` +
	`{"statement_id":1},{"statement_id":2,"error":"database not found: x"},` +
	`{"statement_id":3,"series":[{"columns":["key"],"values":[["m,a=x"]],"partial":true}],"messages":[{"level":"warning","text":"deprecated"}]},{"statement_id":4}]}`

func result(t *testing.T, response string, opts ...QueryOption) *Result {
	t.Helper()
	s := influxtest.New(t, influxtest.JSON(response))
	r, err := client(t, s, Options{}).Query(t.Context(), "SELECT 1", opts...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestResultJSON(t *testing.T) {
	v, err := result(t, jsonResponse+"\n").JSON()
	if err != nil {
		t.Fatal(err)
	}
	if got := string(v.MarshalTo(nil)); got != jsonResponse {
		t.Errorf("got\n%s\nwant\n%s", got, jsonResponse)
	}
	if n := v.GetInt64("results", "0", "series", "0", "values", "0", "0"); n != 1500000000060748059 {
		t.Errorf("time %d", n)
	}
}

// TestResultJSONForms reads the same response pretty-printed and in chunks.
func TestResultJSONForms(t *testing.T) {
	const want = `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"values":[[1,1],[2,2]]},{"name":"n","columns":["time","v"],"values":[[3,3]]}]}]}`
	for name, response := range map[string]string{
		"compact": want,
		"pretty":  strings.NewReplacer(",", ",\n    ", "[", "[\n  ", "}", "\n}").Replace(want),
		"chunks": `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"values":[[1,1]],"partial":true}],"partial":true}]}` + "\n" +
			`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"values":[[2,2]]}],"partial":true}]}` + "\n" +
			`{"results":[{"statement_id":0,"series":[{"name":"n","columns":["time","v"],"values":[[3,3]]}]}]}` + "\n",
	} {
		v, err := result(t, response).JSON()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := string(v.MarshalTo(nil)); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestResultJSONErrors(t *testing.T) {
	if v, err := result(t, jsonResponse[:100]).JSON(); v != nil || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut: %v, %v", v, err)
	}
	var server *jsonscan.ResponseError
	if v, err := result(t, "json: unsupported value: -Inf\n").JSON(); v != nil || !errors.As(err, &server) {
		t.Errorf("text: %v, %v", v, err)
	}
	s := influxtest.New(t, influxtest.JSON(jsonResponse))
	r, err := client(t, s, Options{MaxResponseBytes: 100}).Query(t.Context(), "SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := r.JSON(); v != nil || !errors.Is(err, ErrResponseTooLarge) {
		t.Errorf("bound: %v, %v", v, err)
	}
	v, err := result(t, `{"results":[]}`).JSON()
	if err != nil || string(v.MarshalTo(nil)) != `{"results":[]}` {
		t.Errorf("nothing: %v, %v", v, err)
	}
}

// TestResultJSONWithoutRows holds that series without rows, the numbers of the server and
// the statements of several documents are in a tree as in an unchunked response.
func TestResultJSONWithoutRows(t *testing.T) {
	const users = `{"results":[{"statement_id":0,"series":[{"columns":["user","admin"]}]}]}`
	for _, tt := range []struct {
		name, response, want string
		statements           int
	}{
		{"SHOW USERS", users, users, 1},
		{"values", `{"results":[{"statement_id":0,"series":[{"columns":["user","admin"],"values":[]}]}]}`, users, 1},
		{"among others", `{"results":[{"statement_id":5,"series":[{"name":"a","columns":["v"]},{"name":"b","columns":["v"],"values":[[1]]},{"name":"c","columns":["v"]}]},{"statement_id":9},{"statement_id":7,"series":[{"columns":["w"]}]}]}`,
			`{"results":[{"statement_id":5,"series":[{"name":"a","columns":["v"]},{"name":"b","columns":["v"],"values":[[1]]},{"name":"c","columns":["v"]}]},{"statement_id":9},{"statement_id":7,"series":[{"columns":["w"]}]}]}`, 3},
		{"SHOW TAG KEYS; SHOW DATABASES", `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["tagKey"],"values":[["a"]]}]}]}` + "\n" +
			`{"results":[{"statement_id":0,"series":[{"name":"n","columns":["tagKey"],"values":[["b"]]}]}]}` + "\n" +
			`{"results":[{"statement_id":1,"series":[{"name":"databases","columns":["name"]}]}]}` + "\n",
			`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["tagKey"],"values":[["a"]]},{"name":"n","columns":["tagKey"],"values":[["b"]]}]},{"statement_id":1,"series":[{"name":"databases","columns":["name"]}]}]}`, 2},
		{"rows in a later chunk", `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["v"],"values":[],"partial":true}],"partial":true}]}` + "\n" +
			`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["v"],"values":[[1]]}]}]}` + "\n",
			`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["v"],"values":[[1]]}]}]}`, 1},
		{"no rows in a later chunk", `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["v"],"values":[[1]],"partial":true}],"partial":true}]}` + "\n" +
			`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["v"],"values":[]}]}]}` + "\n",
			`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["v"],"values":[[1]]}]}]}`, 1},
	} {
		v, err := result(t, tt.response).JSON()
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		} else if got := string(v.MarshalTo(nil)); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, got, tt.want)
		}
		n := 0
		for _, err := range result(t, tt.response).Statements() {
			if n++; err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		if n != tt.statements {
			t.Errorf("%s: %d statements, want %d", tt.name, n, tt.statements)
		}
	}
}

func TestResultStatements(t *testing.T) {
	var got []string
	for v, err := range result(t, jsonResponse).Statements() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(v.MarshalTo(nil)))
	}
	want := strings.Replace(jsonResponse, `,"messages":[{"level":"warning","text":"deprecated"}]`, "", 1)
	if text := `{"results":[` + strings.Join(got, ",") + `]}`; text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	// Rows of one statement, then its failure, then another statement.
	const late = `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["v"],"values":[[1]]}],"error":"late"},{"statement_id":1,"series":[{"name":"m","columns":["v"],"values":[[2]]}]}]}`
	got = nil
	for v, err := range result(t, late).Statements() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(v.GetInt("statement_id"), len(v.GetArray("series")), v.Exists("error")))
	}
	if fmt.Sprint(got) != "[0 1 true 1 1 false]" {
		t.Errorf("got %q", got)
	}
	n := 0
	for range result(t, jsonResponse).Statements() {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d statements", n)
	}
	for v, err := range result(t, jsonResponse[:len(jsonResponse)-30]).Statements() {
		if (err == nil) != (v != nil) {
			t.Errorf("%v, %v", v, err)
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
	}
}

// A tree that would take many times the memory of its response is refused, whatever it
// is made of.
func TestResultJSONMemory(t *testing.T) {
	const n, bound = 150_000, 8 << 20 // the responses have less than bound
	rows := func(column, values string) string {
		return `{"results":[{"series":[{"columns":[` + column + `],"values":[` + values + `]}]}]}`
	}
	for name, response := range map[string]string{
		"rows":       rows(`"a","b"`, strings.Repeat(`[1,2],`, n)+`[1,2]`),
		"nulls":      rows(`"a"`, strings.Repeat(`[null],`, n)+`[1]`),
		"texts":      rows(`"a"`, strings.Repeat(`["`+strings.Repeat("x", 40)+`"],`, n)+`[1]`),
		"one row":    rows(`"a"`+strings.Repeat(`,"a"`, n), `[1`+strings.Repeat(`,1`, n)+`]`),
		"statements": `{"results":[` + strings.Repeat(`{},`, n) + `{}]}`,
		"errors":     `{"results":[` + strings.Repeat(`{"error":""},`, n) + `{}]}`,
		"series":     `{"results":[{"series":[` + strings.Repeat(`{"columns":["a"],"values":[[1]]},`, n) + `{"columns":["a"],"values":[[1]]}]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := influxtest.New(t, influxtest.JSON(response))
			ask := func(bound int64) *Result {
				r, err := client(t, s, Options{MaxResponseBytes: bound}).Query(t.Context(), "SELECT 1", MaxRowBytes(64<<20))
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			var e *TransportError
			if v, err := ask(bound).JSON(); v != nil || !errors.Is(err, ErrResponseTooLarge) || !errors.As(err, &e) || Retryable(err) {
				t.Errorf("%v", err)
			}
			r := ask(1 << 30)
			before := heapBytes()
			v, err := r.JSON()
			if err != nil {
				t.Fatal(err)
			}
			if took := heapBytes() - before; took > 160*int64(len(response)) {
				t.Errorf("a tree of %d bytes from %d", took, len(response))
			}
			runtime.KeepAlive(v)
			var last error
			for _, err := range ask(bound).Statements() {
				last = err
			}
			if small := name == "statements" || name == "errors"; small != (last == nil) || !small && !errors.Is(last, ErrResponseTooLarge) {
				t.Errorf("Statements: %v", last)
			}
		})
	}
}

// heapBytes returns what is in use of the heap.
func heapBytes() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Every text is in a tree as it is in a row, and its JSON is JSON.
func TestResultJSONTexts(t *testing.T) {
	for _, quoted := range []string{`"a\"\u007f"`, `"\u0000\u0001\u000b\b\f\n\t\r\u001f"`, `"\\x41\\"`, `"\"\u00e9\u200b\ud83d\ude00"`, `"<&>/'"`, `""`} {
		var want string
		if err := json.Unmarshal([]byte(quoted), &want); err != nil {
			t.Fatal(err)
		}
		v, err := result(t, `{"results":[{"series":[{"columns":["a"],"values":[[`+quoted+`]]}]}]}`).JSON()
		if err != nil {
			t.Fatal(err)
		}
		cell := v.Get("results", "0", "series", "0", "values", "0", "0")
		var text string
		if err := json.Unmarshal(cell.MarshalTo(nil), &text); err != nil || text != want {
			t.Errorf("%s: %s, %v", quoted, cell.MarshalTo(nil), err)
		}
		if got := string(cell.GetStringBytes()); got != want {
			t.Errorf("%s: %q", quoted, got)
		}
	}
}

// TestManyTags checks a tree of a series with many tags, of which one comes twice.
func TestManyTags(t *testing.T) {
	for _, n := range []int{3, 60_000} {
		var body strings.Builder
		body.WriteString(`{"results":[{"statement_id":0,"series":[{"name":"m","tags":{`)
		for i := range n {
			fmt.Fprintf(&body, `"k\"%d":"v%d\n",`, i, i)
		}
		body.WriteString(`"k\"0":"v0\n"},"columns":["time","f"],"values":[[1,2]]}]}]}`)
		s := influxtest.New(t, influxtest.JSON(body.String()))
		r, err := client(t, s, Options{}).Query(t.Context(), "SELECT f FROM m GROUP BY *")
		if err != nil {
			t.Fatal(err)
		}
		v, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		tags := v.GetObject("results", "0", "series", "0", "tags")
		if got := string(tags.Get(fmt.Sprintf("k\"%d", n-1)).GetStringBytes()); tags.Len() != n || got != fmt.Sprintf("v%d\n", n-1) {
			t.Errorf("%d tags: %d in the tree, the last one is %q", n, tags.Len(), got)
		}
	}
}
