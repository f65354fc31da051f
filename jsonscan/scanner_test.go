package jsonscan

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/pointwire/pointwire/internal/caseat"
)

// responses has forms of responses that InfluxDB 1.x was seen to send, and others
// that are the same JSON.
var responses = []struct {
	name, body, want string
}{
	{"no data", `{"results":[{"statement_id":0}]}` + "\n", ""},
	{"no results", `{}`, ""},
	{"null everywhere", `{"results":[{"statement_id":0,"series":null,"messages":null},
		{"statement_id":1,"series":[{"name":null,"tags":null,"columns":null,"values":null}]}],"error":null}`,
		"*jsonscan.ResponseError jsonscan: server: error without a message\n"},
	{"no name", `{"results":[{"statement_id":0,"series":[{"columns":["key"],"values":[["cpu,host=a"]]}]}]}`,
		"series 0 \"\" [\"key\"]\nrow \"cpu,host=a\"\n"},
	{"no time", `{"results":[{"statement_id":0,"series":[{"name":"databases","columns":["name"],"values":[["a"],["b"]]}]}]}`,
		"series 0 \"databases\" [\"name\"]\nrow \"a\"\nrow \"b\"\n"},
	{"no values", `{"results":[{"statement_id":0,"series":[{"name":"databases","columns":["name"]}]}]}`, ""},
	{"select into", `{"results":[{"statement_id":0,"series":[{"name":"result","columns":["time","written"],"values":[[0,20]]}]}]}`,
		"series 0 \"result\" [\"time\" \"written\"]\nrow i0 i20\n"},
	{"empty rows", `{"results":[{"series":[{"name":"m","columns":[],"values":[[],[]]}]}]}`,
		"series 0 \"m\" []\nrow\nrow\n"},
	{"numbers", `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["v"],"values":[[3],[-0],[0],
		[100000000000000000000],[12345678901234567000],[1e+21],[1e-7],[1e+300],[5e-324],[0.000001],
		[-9223372036854775808],[9223372036854775807],[9223372036854775808],[-9223372036854775809],
		[18446744073709551615],[18446744073709551616],[1500000000060748059],[1.5],[-0.0],[2.5E3],[1e-400]]}]}]}`,
		"series 0 \"m\" [\"v\"]\nrow i3\nrow f-0\nrow i0\nrow f1e+20\nrow u12345678901234567000\nrow f1e+21\nrow f1e-07\n" +
			"row f1e+300\nrow f5e-324\nrow f1e-06\nrow i-9223372036854775808\nrow i9223372036854775807\n" +
			"row u9223372036854775808\nrow f-9.223372036854776e+18\nrow u18446744073709551615\n" +
			"row f1.8446744073709552e+19\nrow i1500000000060748059\nrow f1.5\nrow f-0\nrow f2500\nrow f0\n"},
	{"strings", `{"results":[{"series":[{"name":"m","columns":["v"],"values":[["\"\\\n\r\t\u0008\u000c\u0000"],
		["\u003c\u003e\u0026\u2028\u2029"],["é😀` + "\x7f" + `"],["\ud83d\ude00"],["\ufffd"],["\/\b\f"],[""]]}]}]}`,
		"series 0 \"m\" [\"v\"]\nrow \"\\\"\\\\\\n\\r\\t\\b\\f\\x00\"\nrow \"<>&\\u2028\\u2029\"\nrow \"é😀\\x7f\"\n" +
			"row \"😀\"\nrow \"\ufffd\"\nrow \"/\\b\\f\"\nrow \"\"\n"},
	{"escaped envelope", `{"results":[{"series":[{"name":"a\"\u003c","tags":{"k\\":"\t"},"columns":["\u0026c"],"values":[[null]]}]}]}`,
		"series 0 \"a\\\"<\" \"k\\\\\"=\"\\t\" [\"&c\"]\nrow null\n"},
	{"escaped keys", `{"\u0072esults":[{"series":[{"\u006eame":"m","columns":["c"],"v\u0061lues":[[true]]}]}]}`,
		"series 0 \"m\" [\"c\"]\nrow true\n"},
	{"pretty", "{\n    \"results\": [\n        {\n            \"statement_id\": 0,\n            \"series\": [\n                {\n" +
		"                    \"name\": \"m\",\n                    \"columns\": [\n                        \"time\",\n                        \"v\"\n" +
		"                    ],\n                    \"values\": [\n                        [\n                            1,\n                            1.5\n" +
		"                        ],\n                        [\n                            2,\n                            null\n                        ]\n" +
		"                    ]\n                }\n            ]\n        }\n    ]\n}\n",
		"series 0 \"m\" [\"time\" \"v\"]\nrow i1 f1.5\nrow i2 null\n"},
	{"messages", `{"results":[{"statement_id":3,"messages":[{"level":"warning","text":"deprecated use of 'x'","more":[{}]}]}]}`,
		"message 3 \"warning\" \"deprecated use of 'x'\"\n"},
	{"request error", `{"error":"error parsing query: found EOF"}` + "\n",
		"*jsonscan.ResponseError jsonscan: server: error parsing query: found EOF\n"},
	{"v2 error", `{"code":"unauthorized","message":"Unauthorized"}`,
		"*jsonscan.ResponseError jsonscan: server: unauthorized: Unauthorized\n"},
	{"html", "<html>\n<body>bad gateway</body>\n</html>\n",
		"*jsonscan.ResponseError jsonscan: server: <html>\\n<body>bad gateway</body>\\n</html>\n"},
	{"statement error between results", `{"results":[{"statement_id":0,"error":"a"},{"statement_id":1,"series":[{"name":"m","columns":["c"],"values":[[1]]}]},{"statement_id":2,"error":"b"}]}`,
		"*jsonscan.StatementError jsonscan: statement 0: a\nseries 1 \"m\" [\"c\"]\nrow i1\n*jsonscan.StatementError jsonscan: statement 2: b\n"},
	{"error after rows of a statement", `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["c"],"values":[[1]]}],"error":"a"}]}`,
		"series 0 \"m\" [\"c\"]\nrow i1\n*jsonscan.StatementError jsonscan: statement 0: a\n"},
	{"text line first", "json: error calling MarshalJSON for type httpd.Response: json: unsupported value: -Inf\n" + okDocument + "\n",
		"*jsonscan.ResponseError jsonscan: server: json: error calling MarshalJSON for type httpd.Response: json: unsupported value: -Inf\n" + okTrace},
	{"text line in the middle", okDocument + "\njson: unsupported value: +Inf\n" + okDocument + "\n",
		okTrace + "*jsonscan.ResponseError jsonscan: server: json: unsupported value: +Inf\n" + okTrace},
	{"text line last", okDocument + "\njson: unsupported value: +Inf",
		okTrace + "*jsonscan.ResponseError jsonscan: server: json: unsupported value: +Inf\n"},
	{"error document in the middle", okDocument + "\n{\"error\":\"json: unsupported value: -Inf\"}\n" + okDocument + "\n",
		okTrace + "*jsonscan.ResponseError jsonscan: server: json: unsupported value: -Inf\n" + okTrace},
	{"not executed with the wrong id", `{"results":[{"statement_id":0,"error":"database not found: x"}]}` + "\n" +
		`{"results":[{"statement_id":0,"error":"not executed"}]}` + "\n" + `{"results":[{"statement_id":0,"error":"not executed"}]}`,
		"*jsonscan.StatementError jsonscan: statement 0: database not found: x\n*jsonscan.StatementError jsonscan: statement 0: not executed\n" +
			"*jsonscan.StatementError jsonscan: statement 0: not executed\n"},
	{"chunks of one series",
		`{"results":[{"statement_id":0,"series":[{"name":"m","tags":{"h":"a"},"columns":["c"],"values":[[1]],"partial":true}],"partial":true}]}` + "\n" +
			`{"results":[{"statement_id":0,"series":[{"name":"m","tags":{"h":"a"},"columns":["c"],"values":[[2]]}],"partial":true}]}` + "\n" +
			`{"results":[{"statement_id":0,"series":[{"name":"m","tags":{"h":"b"},"columns":["c"],"values":[[3]]}]}]}` + "\n",
		"series 0 \"m\" \"h\"=\"a\" [\"c\"]\nrow i1\nrow i2\nseries 0 \"m\" \"h\"=\"b\" [\"c\"]\nrow i3\n"},
	{"equal series of two statements",
		`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["c"],"values":[[1]],"partial":true}]}]}` +
			`{"results":[{"statement_id":1,"series":[{"name":"m","columns":["c"],"values":[[2]]}]}]}`,
		"series 0 \"m\" [\"c\"]\nrow i1\nseries 1 \"m\" [\"c\"]\nrow i2\n"},
	{"equal series that does not continue",
		`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["c"],"values":[[1]]},{"name":"m","columns":["c"],"values":[[2]]}]}]}`,
		"series 0 \"m\" [\"c\"]\nrow i1\nseries 0 \"m\" [\"c\"]\nrow i2\n"},
	{"partial of a plain response", `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["c"],"values":[[1]],"partial":true}]}]}`,
		"series 0 \"m\" [\"c\"]\nrow i1\npartial\n"},
	{"values before the rest", `{"results":[{"series":[{"values":[[1,"]"],[2,"\"["]],"partial":true,"columns":["a","b"],"x":{"y":[1]},"tags":{"k":"v"},"name":"m"}],"statement_id":0}]}`,
		"series 0 \"m\" \"k\"=\"v\" [\"a\" \"b\"]\nrow i1 \"]\"\nrow i2 \"\\\"[\"\npartial\n"},
	{"columns first, name last", `{"results":[{"series":[{"columns":["a"],"values":[[1]],"name":"m"}]}]}`,
		"series 0 \"m\" [\"a\"]\nrow i1\n"},
	{"unknown keys", `{"x":[1,{"y":[]},"z",true,null,-1.5e-3],"results":[{"u":{},"series":[{"w":[[]],"name":"m","columns":["c"],"values":[[1]]}]}]}`,
		"series 0 \"m\" [\"c\"]\nrow i1\n"},
	{"kind changes", `{"results":[{"series":[{"name":"m","columns":["c"],"values":[[1],[1.5],[null],["x"],[true],[2]]}]}]}`,
		"series 0 \"m\" [\"c\"]\nrow i1\nrow f1.5\nrow null\nrow \"x\"\nrow true\nrow i2\n"},
}

const (
	okDocument = `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["c"],"values":[[1]]}]}]}`
	okTrace    = "series 0 \"m\" [\"c\"]\nrow i1\n"
)

func TestResponses(t *testing.T) {
	for i, a := range responses {
		t.Run(a.name, func(t *testing.T) {
			if got := traceEvery(t, a.body); got != a.want {
				t.Errorf("%s: got:\n%s\nwant:\n%s", caseat.Line(i), got, a.want)
			}
		})
	}
}

// Index counts statements in the order of arrival, whatever numbers the server gives
// them.
func TestStatementIndex(t *testing.T) {
	body := `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["c"],"values":[[1]]}],"partial":true}]}
		{"results":[{"statement_id":0,"series":[{"name":"n","columns":["c"],"values":[[1]]}]}]}
		{"results":[{"statement_id":1,"error":"a"}]}
		{"results":[{"statement_id":1,"error":"not executed"}]}`
	s := NewScanner(strings.NewReader(body))
	var index []int
	for _, err := range s.Rows() {
		var e *StatementError
		if errors.As(err, &e) {
			index = append(index, e.Index)
		}
	}
	if len(index) != 2 || index[0] != 1 || index[1] != 2 || s.Statements() != 3 {
		t.Errorf("indexes %v, %d statements", index, s.Statements())
	}
}

// A truncated response is an error, never a short response. There is one exception:
// a response that ends after a whole document which does not promise another.
func TestTruncation(t *testing.T) {
	for i, a := range responses {
		if a.name == "html" || strings.HasPrefix(a.name, "text line") {
			continue // truncated plain text is plain text
		}
		for _, size := range []int{64, 64 << 10} {
			for cut := range len(a.body) {
				body := a.body[:cut]
				s := sized(strings.NewReader(body), size)
				s.Chunked = true
				var last error
				for _, err := range s.Rows() {
					last = err
				}
				whole := strings.HasSuffix(strings.TrimSpace(body), "}") && wholeDocuments(body)
				var re *ReadError
				cutSeen := errors.As(last, &re) && errors.Is(last, io.ErrUnexpectedEOF)
				if cutSeen == whole {
					t.Fatalf("%s: %s truncated at %d of %d: %v", caseat.Line(i), a.name, cut, len(a.body), last)
				}
				if cutSeen && re.Offset != int64(cut) {
					t.Fatalf("%s: %s truncated at %d: offset %d", caseat.Line(i), a.name, cut, re.Offset)
				}
			}
		}
	}
}

func TestTruncationBehindPartial(t *testing.T) {
	body := `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["c"],"values":[[1]]}],"partial":true}]}` + "\n"
	if _, _, err := readAll(t, strings.NewReader(body)); err != nil {
		t.Errorf("response that may be plain: %v", err)
	}
	if _, _, err := readAll(t, strings.NewReader(body+body)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("response that promises more ended with %v", err)
	}
	s := NewScanner(strings.NewReader(body))
	s.Chunked = true
	if !s.Next() || s.Next() || !errors.Is(s.Err(), io.ErrUnexpectedEOF) {
		t.Errorf("chunked response that promises more ended with %v", s.Err())
	}
}

func TestReaderErrors(t *testing.T) {
	broken := errors.New("connection reset")
	for cut := range len(okDocument) {
		r := io.MultiReader(strings.NewReader(okDocument[:cut]), iotest.ErrReader(broken))
		_, _, err := readAll(t, r)
		var re *ReadError
		if !errors.As(err, &re) || !errors.Is(err, broken) || re.Offset != int64(cut) {
			t.Fatalf("truncated at %d: %v", cut, err)
		}
	}
	if _, _, err := readAll(t, emptyReader{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("reader without progress: %v", err)
	}
	if _, _, err := readAll(t, badReader{}); !errors.Is(err, errBadCount) {
		t.Errorf("reader with a wrong count: %v", err)
	}
}

type emptyReader struct{}

func (emptyReader) Read([]byte) (int, error) { return 0, nil }

type badReader struct{}

func (badReader) Read(b []byte) (int, error) { return len(b) + 1, nil }

var badResponses = []struct {
	name   string
	body   string // | marks the offset of the error and is not part of the body
	values bool   // body is a row of a series with two columns
}{
	{"leading zero", `[1,0|1]`, true},
	{"negative leading zero", `[1,-0|1]`, true},
	{"plus", `[1,|+1]`, true},
	{"no digits before point", `[1,|.5]`, true},
	{"no digits after the point", `[1,1.|]`, true},
	{"no digits in exponent", `[1,1e|]`, true},
	{"sign alone in exponent", `[1,1e+|]`, true},
	{"minus alone", `[1,-|]`, true},
	{"two points", `[1,1.2|.3]`, true},
	{"two minus", `[1,-|-1]`, true},
	{"hexadecimal", `[1,0|x10]`, true},
	{"underscore", `[1,1|_0]`, true},
	{"NaN", `[1,|NaN]`, true},
	{"nan", `[1,n|an]`, true},
	{"Infinity", `[1,|Infinity]`, true},
	{"overflow", `[1,|1e400]`, true},
	{"negative overflow", `[1,|-1e400]`, true},
	{"True", `[1,|True]`, true},
	{"tru", `[1,tru|]`, true},
	{"valse", `[1,|valse]`, true},
	{"drue", `[1,|drue]`, true},
	{"trus", `[1,tru|s]`, true},
	{"falsy", `[1,fals|y]`, true},
	{"talse", `[1,t|alse]`, true},
	{"frue", `[1,f|rue]`, true},
	{"control character", "[1,\"a|\x01\"]", true},
	{"newline in string", "[1,\"a|\n\"]", true},
	{"bad escape", `[1,"a\|x"]`, true},
	{"bad hex", `[1,"\u00|g0"]`, true},
	{"lone high surrogate", `[1,"|\ud83d"]`, true},
	{"lone high surrogate before escape", `[1,"|\ud83d\n"]`, true},
	{"two high surrogates", `[1,"|\ud83d\ud83d\ude00"]`, true},
	{"lone high surrogate before a bad escape", `[1,"|\ud83d\u0x00"]`, true},
	{"bad low half", `[1,"\ud83d\udc|x0"]`, true},
	{"lone low surrogate", `[1,"|\ude00"]`, true},
	{"invalid UTF-8", "[1,\"a|\xff\"]", true},
	{"overlong UTF-8", "[1,\"a|\xc0\x80\"]", true},
	{"encoded surrogate", "[1,\"a|\xed\xa0\x80\"]", true},
	{"truncated UTF-8", "[1,\"a|\xe2\x82\"]", true},
	{"NUL", "[1,|\x00]", true},
	{"NUL in string", "[1,\"|\x00\"]", true},
	{"array", `[1,|[2]]`, true},
	{"object", `[1,|{}]`, true},
	{"short row", `[1|]`, true},
	{"empty row", `[|]`, true},
	{"long row", `[1,2,|3]`, true},
	{"trailing comma in row", `[1,|]`, true},
	{"leading comma in row", `[|,1]`, true},
	{"two commas", `[1,|,2]`, true},
	{"no comma", `[1 |2]`, true},
	{"no comma between rows", `[1,2]|[3,4]`, true},
	{"comma after rows", `[1,2],|`, true},
	{"row is null", `|null`, true},
	{"row is an object", `|{}`, true},
	{"single quotes", `[1,|'a']`, true},
	{"comment", `[1,|/**/2]`, true},

	{"trailing brace", okDocument + `|}`, false},
	{"trailing text on the line", okDocument + ` |x`, false},
	{"results is a number", `{"results":|1}`, false},
	{"results holds a number", `{"results":[|1]}`, false},
	{"series is an object", `{"results":[{"series":|{}}]}`, false},
	{"name is a number", `{"results":[{"series":[{"name":|1}]}]}`, false},
	{"tag is a number", `{"results":[{"series":[{"tags":{"a":|1}}]}]}`, false},
	{"column is a number", `{"results":[{"series":[{"columns":[|1]}]}]}`, false},
	{"values is a string", `{"results":[{"series":[{"name":"m","columns":["a"],"values":|"x"}]}]}`, false},
	{"values without columns", `{"results":[{"series":[{"name":"m","values":[|[1]]}]}]}`, false},
	{"statement_id is text", `{"results":[{"statement_id":|"0"}]}`, false},
	{"statement_id is negative", `{"results":[{"statement_id":|-1}]}`, false},
	{"statement_id is huge", `{"results":[{"statement_id":|99999999999999999999}]}`, false},
	{"partial is a number", `{"results":[{"partial":|1}]}`, false},
	{"second statement_id", `{"results":[{"series":[{"name":"m","columns":["a"],"values":[[1]]}],"statement_id":|7}]}`, false},
	{"second values", `{"results":[{"series":[{"name":"m","columns":["a"],"values":[[1]],"values":|[[2]]}]}]}`, false},
	{"tags after values are a number", `{"results":[{"series":[{"columns":["a"],"values":[[1]],"tags":|5}]}]}`, false},
	{"name after values is a number", `{"results":[{"series":[{"columns":["a"],"values":[[1]],"name":|5}]}]}`, false},
	{"key is a number", `{|1:2}`, false},
	{"lone high surrogate before a bad escape in a key", `{"|\ud800\u0x":1}`, false},
	{"no colon", `{"results"|[]}`, false},
	{"trailing comma in document", `{"results":[],|}`, false},
	{"bad skipped number", `{"x":[1,0|1]}`, false},
	{"bad skipped string", `{"x":"\|q"}`, false},
	{"mismatched brackets", `{"x":[1|}]}`, false},
}

func TestSyntaxErrors(t *testing.T) {
	for i, b := range badResponses {
		body := b.body
		if b.values {
			body = `{"results":[{"series":[{"name":"m","columns":["a","b"],"values":[[0,0],` + body + `]}]}]}`
		}
		at := strings.IndexByte(body, '|')
		body = strings.Replace(body, "|", "", 1)
		for _, size := range sizes {
			for how, reader := range readers {
				s := sized(reader(strings.NewReader(body)), size)
				var last error
				for _, err := range s.Rows() {
					last = err
				}
				var e *SyntaxError
				if !errors.As(last, &e) || e.Offset != int64(at) {
					t.Fatalf("%s: %s, buffer %d, %s: %v, want a syntax error at %d", caseat.Line(i), b.name, size, how, last, at)
				}
				if s.Next() || s.Err() != last {
					t.Fatalf("%s: %s: the scanner continued after a syntax error", caseat.Line(i), b.name)
				}
			}
		}
	}
}

func TestDeepNesting(t *testing.T) {
	for depth, ok := range map[int]bool{maxDepth: true, maxDepth + 1: false, 1 << 20: false} {
		body := `{"results":[],"x":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`
		_, _, err := readAll(t, strings.NewReader(body))
		var e *SyntaxError
		if ok && err != nil || !ok && !errors.As(err, &e) {
			t.Errorf("depth %d: %v", depth, err)
		}
	}
}

// An object of another service is an error, not an empty response.
func TestForeignObject(t *testing.T) {
	for body, foreign := range map[string]bool{
		`{"status":"ok"}`: true, `{"x":{}}` + "\n": true, `{"message":"hello"}`: true, `{"results":[]}{"x":1}`: true,
		`{}`: false, "{}\n": false, `{"results":null}`: false, `{"results":[],"x":1}`: false, `{"x":1,"results":[{"statement_id":0}]}`: false,
	} {
		_, _, err := readAll(t, strings.NewReader(body))
		var e *SyntaxError
		if errors.Is(err, ErrNoResults) != foreign || errors.As(err, &e) != foreign {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestLongRows(t *testing.T) {
	long := strings.Repeat("x]\\\"", 300<<10)
	body := `{"results":[{"series":[{"name":"m","columns":["c"],"values":[["` + long + `"],[1]]}]}]}`
	for _, size := range []int{64, 64 << 10} {
		s := sized(strings.NewReader(body), size)
		if !s.Next() {
			t.Fatal(s.Err())
		}
		text, err := s.Row().String(0)
		if err != nil || text != strings.ReplaceAll(long, "\\\"", "\"") {
			t.Fatalf("%d bytes, %v", len(text), err)
		}
		if !s.Next() || s.Next() || s.Err() != nil {
			t.Fatal(s.Err())
		}
		s = sized(strings.NewReader(body), size)
		s.MaxRowBytes = 1 << 20
		var e *RowSizeError
		if s.Next() || !errors.As(s.Err(), &e) || e.Limit != 1<<20 || e.Offset != int64(strings.Index(body, `["x]`)) {
			t.Errorf("row beyond MaxRowBytes: %v", s.Err())
		}
		if len(s.buf) > 1<<20+2*pad {
			t.Errorf("buffer of %d bytes", len(s.buf))
		}
	}
	s := NewScanner(iotest.OneByteReader(strings.NewReader(body)))
	if !s.Next() {
		t.Fatal(s.Err())
	}
	for _, text := range []string{`{"` + long, `{"error":"` + long, `{"results":[{"series":[{"name":"` + long} {
		s := NewScanner(strings.NewReader(text))
		s.MaxRowBytes = 100
		var e *RowSizeError
		if s.Next() || !errors.As(s.Err(), &e) {
			t.Errorf("text beyond MaxRowBytes: %v", s.Err())
		}
	}
}

// MaxRowBytes also bounds rows that are smaller than the buffer.
func TestMaxRowBytesBelowBuffer(t *testing.T) {
	body := `{"results":[{"series":[{"name":"m","columns":["c"],"values":[["` + strings.Repeat("x", 200) + `"]]}]}]}`
	for _, size := range sizes {
		for how, reader := range readers {
			s := sized(reader(strings.NewReader(body)), size)
			s.MaxRowBytes = 150
			var e *RowSizeError
			if s.Next() || !errors.As(s.Err(), &e) {
				t.Fatalf("buffer %d, %s: %v", size, how, s.Err())
			}
		}
	}
}

func TestAllowInvalidUTF8(t *testing.T) {
	body := "{\"results\":[{\"series\":[{\"name\":\"m\xff\",\"columns\":[\"c\"],\"values\":[[\"a\xe2\x82b\"],[\"\\ud83d\"],[\"\\ud83dx\"]," +
		"[\"\\ud83d\\ud83d\\ude00\"],[\"\\ude00\\n\"],[\"\xed\xa0\x80\"]]}]}]}"
	want := "series 0 \"m\ufffd\" [\"c\"]\nrow \"a\ufffd\ufffdb\"\nrow \"\ufffd\"\nrow \"\ufffdx\"\nrow \"\ufffd😀\"\nrow \"\ufffd\\n\"\nrow \"\ufffd\ufffd\ufffd\"\n"
	for _, size := range sizes {
		s := sized(iotest.OneByteReader(strings.NewReader(body)), size)
		s.AllowInvalidUTF8 = true
		if got := trace(s); got != want {
			t.Fatalf("got:\n%s\nwant:\n%s", got, want)
		}
	}
}

func TestSeriesOutlivesScanner(t *testing.T) {
	body := `{"results":[{"statement_id":0,"series":[{"name":"m","tags":{"h":"a","i":"1"},"columns":["c","d"],"values":[[1,2]]},` +
		`{"name":"m","tags":{"h":"b","i":"1"},"columns":["c","d"],"values":[[1,2]]},` +
		`{"name":"n","tags":{"h":"b"},"columns":["e"],"values":[[1]]}]}]}`
	s := NewScanner(strings.NewReader(body))
	var kept []*Series
	var before []string
	for range 100 {
		for row, err := range s.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			kept = append(kept, row.Series())
			before = append(before, describe(row.Series()))
		}
		s.Reset(strings.NewReader(strings.NewReplacer("a", "x", "b", "y", "m", "z").Replace(body)))
		s.Reset(strings.NewReader(body))
	}
	for i, k := range kept {
		if describe(k) != before[i] || i > 0 && k == kept[i-1] {
			t.Fatalf("series %d was %s and became %s", i, before[i], describe(k))
		}
	}
	if want := `0 m h=a i=1 [c d]`; before[0] != want {
		t.Errorf("%s, want %s", before[0], want)
	}
}

func TestBreakAndGoOn(t *testing.T) {
	body := `{"results":[{"series":[{"name":"m","columns":["c"],"values":[[1],[2],[3]]}]}]}`
	s := NewScanner(strings.NewReader(body))
	var got []int64
	for row := range s.Rows() {
		v, _ := row.Int(0)
		got = append(got, v)
		if len(got) == 2 {
			break
		}
	}
	for row := range s.Rows() {
		v, _ := row.Int(0)
		got = append(got, v)
	}
	if len(got) != 3 || got[2] != 3 {
		t.Errorf("rows %v", got)
	}
}

// A truncated row with a syntax error is a syntax error, however it arrives.
func TestWrongRowCutShort(t *testing.T) {
	const head = `{"results":[{"series":[{"name":"m","columns":["a","b"],"values":[[0,0],`
	for _, row := range []string{`[1,0|1`, `[1e+|x`, `["a"|x`, `["|` + "\xff", `[1,2,|3`, `[1|]`, `[|[`, `["]"|"`} {
		at := len(head) + strings.IndexByte(row, '|')
		body := head + strings.Replace(row, "|", "", 1)
		for _, size := range sizes {
			for how, reader := range readers {
				s := sized(reader(strings.NewReader(body)), size)
				var last error
				for _, err := range s.Rows() {
					last = err
				}
				var e *SyntaxError
				if !errors.As(last, &e) || e.Offset != int64(at) {
					t.Errorf("%q, buffer %d, %s: %v, want a syntax error at %d", row, size, how, last, at)
				}
			}
		}
	}
}
