package complaint

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/valyala/fastjson"
)

var documents = []string{
	`{"error":"timeout"}`,
	` {"code":"invalid","message":"unable to parse 'a': x","line":7} `,
	`{"code":null,"message":"m"}`,
	`{"message":"m"}`,
	`{"error":"x","page":1}`,
	`{"error":"a","error":"b"}`,
	`{"error":1,"err":"e","op":"o","errorId":"7","line":"x","data":null}`,
	`{"error":"partial write of line protocol occurred","data":[{"original_line":"bad \"q\" \\","line_number":2,"error_message":"no \u00e9\n"},3,{}]}`,
	`{"error":"parsing failed","data":{"original_line":"bad","line_number":1,"error_message":"no","x":[{"y":[]}]}}`,
	`{"error":`, `{"error":"x"`, `{"error":"x"}}`, `{"error":"x",}`, `{"error" "x"}`, `{"a":[1,]}`, `{"a":[1 2]}`, `{}`, `[]`, `"x"`, ``, `{"a":tru}`, `{"a":"\`,
	strings.Repeat("[", 400), `{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`,
	`{"error":"\ud83d\ude00 \ud83d x"}`, "{\"error\":\"\xff\x00\"}",
}

// compare holds what ReadDocument says of a text against a tree of it.
func compare(t *testing.T, text string) {
	d, ok := ReadDocument([]byte(text), 3)
	v, err := fastjson.Parse(text)
	if valid := json.Valid([]byte(text)); valid && strings.HasPrefix(strings.TrimSpace(text), "{") && !ok && err == nil {
		t.Fatalf("%q is an object, and was not read", text)
	}
	if !ok || err != nil || v.Type() != fastjson.TypeObject {
		return
	}
	str := func(v *fastjson.Value, key string) string { return string(v.GetStringBytes(key)) }
	if d.Error != str(v, "error") || d.Message != str(v, "message") || d.Err != str(v, "err") || d.Code != str(v, "code") {
		t.Fatalf("%q: read %+v", text, d)
	}
	if line := v.GetInt("line"); d.Line != line && line != 0 {
		t.Fatalf("%q: line %d, want %d", text, d.Line, line)
	}
	var list []*fastjson.Value
	if data := v.Get("data"); data != nil && data.Type() == fastjson.TypeObject {
		list = append(list, data)
	} else if data != nil {
		for _, item := range data.GetArray() {
			if item.Type() == fastjson.TypeObject {
				list = append(list, item)
			}
		}
	}
	if len(d.Faults) != min(len(list), 3) || d.More != (len(list) > 3) {
		t.Fatalf("%q: %d faults of %d, more %v", text, len(d.Faults), len(list), d.More)
	}
	v.GetObject().Visit(func(key []byte, _ *fastjson.Value) {
		if strings.ContainsAny(string(key), "\\\"") || !strings.Contains(text, `"`+string(key)+`"`) {
			return // an escaped name is none that is looked for
		}
		if !HasMember([]byte(text), string(key)) || TextMember([]byte(text), string(key)) != str(v, string(key)) {
			t.Fatalf("%q: member %q is not found", text, key)
		}
	})
}

func TestReadDocument(t *testing.T) {
	for _, text := range documents {
		compare(t, text)
	}
	for text, want := range map[string]bool{
		documents[0]: true, documents[1]: true, documents[2]: true, documents[3]: false, documents[4]: false,
		documents[5]: true, `{}`: false, documents[7]: true,
	} {
		if d, ok := ReadDocument([]byte(text), 3); !ok || d.Database != want {
			t.Errorf("%s: read %v, a database's %v", text, ok, d.Database)
		}
	}
	d, ok := ReadDocument([]byte(documents[7]), 10)
	if !ok || len(d.Faults) != 2 || d.Faults[0] != (Fault{2, "no é\n", `bad "q" \`}) {
		t.Errorf("%+v %v", d.Faults, ok)
	}
}

// FuzzReadDocument compares with the tree that fastjson makes.
func FuzzReadDocument(f *testing.F) {
	for _, text := range documents {
		f.Add(text)
	}
	f.Fuzz(compare)
}

// TestDocumentMemory: what a document costs does not depend on what is in it.
func TestDocumentMemory(t *testing.T) {
	for name, text := range map[string]string{
		"numbers": `{"error":"x","data":[` + strings.Repeat("0,", 2<<20) + `0]}`,
		"objects": `{"error":"x","other":[` + strings.Repeat(`{"a":0},`, 1<<19) + `0]}`,
		"keys":    `{"error":"x"` + strings.Repeat(`,"k":0`, 1<<19) + `}`,
		"faults":  `{"error":"x","data":[` + strings.Repeat(`{},`, 1<<20) + `{}]}`,
	} {
		body := []byte(text)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if d, ok := ReadDocument(body, 1000); !ok || d.Error != "x" {
			t.Errorf("%s: read %v, %q", name, ok, d.Error)
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s: %d bytes allocated for a text of %d", name, n, len(body))
		}
	}
}
