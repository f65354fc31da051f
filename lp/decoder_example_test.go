package lp_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pointwire/pointwire/lp"
)

func ExamplePoints() {
	lines := []byte("cpu,host=server01 load=0.64,cores=8i 1257894000000000000\ncpu load=\ncpu,host=server02 load=0.5\n")
	for p, err := range lp.Points(lines) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		ts, stamped := p.Timestamp()
		fmt.Printf("%d: %s, %d tags, %d fields, %d %v\n", p.Line(), p.Measurement(), p.NumTags(), p.NumFields(), ts, stamped)
	}
	// Output:
	// 1: cpu, 1 tags, 2 fields, 1257894000000000000 true
	// lp: line 2, column 9: missing field value in "cpu load="
	// 3: cpu, 1 tags, 1 fields, 0 false
}

func ExampleDecoder() {
	var d lp.Decoder
	d.SetOptions(lp.DecoderOptions{Precision: lp.Second})
	d.Reset([]byte(`disk,path=C:\Program\ Files free=5i,total=7u,used=0.3,ok=t,fs="NTFS" 1257894000`))
	p, err := d.Next()
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range p.NumTags() {
		key, value := p.Tag(i)
		fmt.Printf("%s = %s\n", key, value)
	}
	for i := range p.NumFields() {
		key, v := p.Field(i)
		fmt.Printf("%s is %v: ", key, v.Kind())
		switch v.Kind() {
		case lp.FloatField:
			fmt.Println(v.Float())
		case lp.IntField:
			fmt.Println(v.Int())
		case lp.UintField:
			fmt.Println(v.Uint())
		case lp.BoolField:
			fmt.Println(v.Bool())
		case lp.StringField:
			fmt.Printf("%s\n", v.Bytes())
		}
	}
	// Output:
	// path = C:\Program Files
	// free is integer: 5
	// total is unsigned: 7
	// used is float: 0.3
	// ok is boolean: true
	// fs is string: NTFS
}

func ExampleDecoder_ResetReader() {
	var d lp.Decoder
	d.SetOptions(lp.DecoderOptions{MaxLine: 64 << 10, TrimCR: true})
	d.ResetReader(strings.NewReader("a v=1\r\nb v=\"two\nlines\"\r\nc v=\r\n"))
	for {
		p, err := d.Next()
		var bad *lp.SyntaxError
		switch {
		case err == io.EOF:
			fmt.Println(d.InputOffset(), "bytes")
			return
		case errors.As(err, &bad):
			fmt.Printf("%d %d %d %v %q\n", bad.Line, bad.Offset, bad.Column, bad.Rule == lp.RuleNoFieldValue, bad.Excerpt)
		case err != nil:
			fmt.Println(err)
			return
		default:
			fmt.Println(p.Line(), p.Offset(), len(p.Raw()))
		}
	}
	// Output:
	// 1 0 6
	// 2 7 16
	// 4 28 4 true "c v=\r"
	// 30 bytes
}

// A PointView writes its line again, in another precision if need be.
func ExamplePointView() {
	for p := range lp.Points([]byte("  m,host=a   v=1   1257894000123456789 ")) {
		line, err := p.AppendLP(nil)
		fmt.Printf("%s%v\n", line, err)
		line, err = p.AppendLPIn(nil, lp.Second)
		fmt.Printf("%s%v\n", line, err)
	}
	// Output:
	// m,host=a v=1 1257894000123456789
	// <nil>
	// m,host=a v=1 1257894000
	// <nil>
}

func ExampleLint() {
	for e := range lp.Lint([]byte("m v=1 1\nm v=\"open\nm,a=1,a=2 v=1\n")) {
		fmt.Println(e.Line, e.Rule)
	}
	// Output:
	// 2 unclosed quote
	// 3 duplicate tag
}

func ExampleLintReader() {
	r := io.MultiReader(strings.NewReader("m v=1\nm v=x\n"), failing{})
	for e, err := range lp.LintReader(r, lp.DecoderOptions{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(e.Line, e.Rule)
	}
	// Output:
	// 2 invalid field value
	// unexpected EOF
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func ExampleValid() {
	fmt.Println(lp.Valid([]byte("m v=1 1\n")))
	err := lp.Valid([]byte("m v=1 1.5\n"))
	fmt.Println(errors.Is(err, lp.RuleInvalidTimestamp))
	// Output:
	// <nil>
	// true
}

func ExampleSyntaxError() {
	err := lp.Valid([]byte("cpu load=0.64 1257894000\nforged\x1b[2J load=\n"))
	var e *lp.SyntaxError
	if errors.As(err, &e) {
		fmt.Fprintln(os.Stdout, e.Error(), errors.Unwrap(e) == e.Rule)
	}
	// Output:
	// lp: line 2, column 16: missing field value in "forged\x1b[2J load=" true
}

func ExampleAppendUnescapedTag() {
	fmt.Printf("%s\n", lp.AppendUnescapedMeasurement(nil, []byte(`cpu\ load`)))
	fmt.Printf("%s\n", lp.AppendUnescapedTag(nil, []byte(`C:\Program\ Files`)))
	fmt.Printf("%s\n", lp.AppendUnescapedFieldKey(nil, []byte(`a\"b\=c`)))
	fmt.Printf("%s\n", lp.AppendUnescapedString(nil, []byte(`say \"hi\" to C:\\`)))
	// Output:
	// cpu load
	// C:\Program Files
	// a"b=c
	// say "hi" to C:\
}

func ExampleDialect() {
	fmt.Println(lp.Portable.CheckTag("path", `C:\,x`))
	fmt.Println(lp.Influx1.CheckTag("path", `C:\,x`))
	var e lp.Encoder
	e.SetOptions(lp.Options{Dialect: lp.Influx1})
	e.Point("m")
	e.Tag("path", `C:\,x`)
	e.Int("v", 1)
	fmt.Printf("%v %s", e.EndNoTimestamp(), e.Bytes())
	fmt.Println(lp.Portable, lp.Influx1, errors.Is(lp.CheckTag("k", `a\=b`), lp.ErrNotPortable))
	fmt.Println(lp.Portable.CheckFieldKey(`a\"b`) != nil, lp.Influx1.CheckFieldKey(`a\"b`))
	// Output:
	// lp: backslash before a comma, equals sign or double quote, which only the dialect Influx1 carries
	// <nil>
	// <nil> m,path=C:\\,x v=1i
	// Portable Influx1 true
	// true <nil>
}
