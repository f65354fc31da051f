package pointwire

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/timescale/tsbs/pkg/data"
	"github.com/timescale/tsbs/pkg/data/serialize"
	"github.com/timescale/tsbs/pkg/targets/influx"

	"github.com/pointwire/pointwire/lp"
)

// TestSerializer runs TSBS's own cases.
func TestSerializer(t *testing.T) {
	for name, p := range map[string]serialize.SerializeCase{
		"default": {InputPoint: serialize.TestPointDefault()}, "fields": {InputPoint: serialize.TestPointMultiField()},
		"int": {InputPoint: serialize.TestPointInt()}, "no tags": {InputPoint: serialize.TestPointNoTags()},
		"nil tag": {InputPoint: serialize.TestPointWithNilTag()}, "nil field": {InputPoint: serialize.TestPointWithNilField()},
	} {
		var got, want bytes.Buffer
		if err := new(Serializer).Serialize(p.InputPoint, &got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := new(influx.Serializer).Serialize(p.InputPoint, &want); err != nil {
			t.Fatal(err)
		}
		if got.String() != sorted(want.String()) {
			t.Errorf("%s: %q, TSBS writes %q", name, &got, &want)
		}
	}
	var none bytes.Buffer
	p := serialize.TestPointWithNilTag()
	p.Reset()
	p.SetMeasurementName([]byte("m"))
	at := time.Unix(1, 0)
	p.SetTimestamp(&at)
	if err := new(Serializer).Serialize(p, &none); err != nil || none.Len() > 0 {
		t.Errorf("a point without fields: %q, %v", &none, err)
	}
}

// sorted returns a line without escapes with its tags in the order of their keys.
func sorted(line string) string {
	head, rest, ok := strings.Cut(line, " ")
	if !ok {
		return line
	}
	parts := strings.Split(head, ",")
	slices.Sort(parts[1:])
	return strings.Join(parts, ",") + " " + rest
}

// TestSerializerShapes writes points whose shape and tags change with every point, again and
// again, with one Serializer: what it remembers must not show.
func TestSerializerShapes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var s Serializer
	at := time.Unix(1451606400, 0)
	for i := range 20_000 {
		p := data.NewPoint()
		p.SetTimestamp(&at)
		p.SetMeasurementName([]byte([]string{"cpu", "mem"}[r.IntN(2)]))
		for k := range r.IntN(4) {
			p.AppendTag([]byte{byte('a' + k)}, []any{"x", "y", "host", nil, int64(1), 2.5}[r.IntN(6)])
		}
		for k := range r.IntN(4) {
			p.AppendField([]byte{byte('f' + k + r.IntN(2)*8)}, []any{int64(r.IntN(9)), r.IntN(9), 1.5, nil}[r.IntN(4)])
		}
		var got, want bytes.Buffer
		if err := s.Serialize(p, &got); err != nil {
			t.Fatal(err)
		}
		if err := new(influx.Serializer).Serialize(p, &want); err != nil {
			t.Fatal(err)
		}
		if got.String() != sorted(want.String()) {
			t.Fatalf("point %d: %q, TSBS writes %q", i, &got, &want)
		}
	}
}

// lines returns n lines as TSBS makes them, with fields in all.
func lines(n int) (text []byte, fields uint64) {
	for i := range n {
		k := i%3 + 1
		text = fmt.Appendf(text, "cpu,host=h%d,os=x", i%7)
		for f := range k {
			text = fmt.Appendf(text, "%cf%d=%d.5", " ,"[min(f, 1)], f, i)
		}
		text = fmt.Appendf(text, " %d\n", i)
		fields += uint64(k)
	}
	return text, fields
}

// TestSource holds that blocks have the size that is asked for and all lines, whatever a
// read returns.
func TestSource(t *testing.T) {
	text, _ := lines(1000)
	for _, size := range []uint{1, 7, 500, 1000, 3000} {
		for _, end := range []string{"\n", ""} {
			in := strings.TrimSuffix(string(text), "\n") + end
			s := source{r: iotest.OneByteReader(strings.NewReader(in)), size: size}
			var all []byte
			for left := uint(1000); ; {
				item := s.NextItem()
				if item.Data == nil {
					if left != 0 {
						t.Errorf("size %d: %d lines are missing", size, left)
					}
					break
				}
				var b loadBatch
				if b.Len() != 0 {
					t.Error("a new batch is not empty")
				}
				b.Append(item)
				if b.Len() != min(size, left) {
					t.Fatalf("size %d: %d lines in a block with %d left", size, b.Len(), left)
				}
				left -= b.Len()
				all = append(all, b.lines...)
			}
			if string(all) != in || s.Err() != nil {
				t.Errorf("size %d: the blocks hold %d bytes of %d, %v", size, len(all), len(in), s.Err())
			}
		}
	}
	s := source{r: iotest.ErrReader(iotest.ErrTimeout), size: 5}
	if item := s.NextItem(); item.Data != nil || s.Err() != iotest.ErrTimeout {
		t.Errorf("%v, %v", item, s.Err())
	}
}

// TestCountFields compares the count with that of the decoder.
func TestCountFields(t *testing.T) {
	text, want := lines(500)
	var r recoder
	again, decoded, err := r.recode(text)
	if err != nil || decoded != want {
		t.Errorf("%d fields decoded, want %d: %v", decoded, want, err)
	}
	if got := countFields(text); got != want {
		t.Errorf("%d fields counted, want %d", got, want)
	}
	if string(again) != string(text) {
		t.Errorf("recoded:\n%.200s\nwant\n%.200s", again, text)
	}
	if _, _, err := r.recode([]byte("cpu v=1 1\nbad\n")); err == nil {
		t.Error("a bad line is recoded")
	}
	_, n, err := r.recode([]byte("m v=1u,w=true,x=\"a b\" 5\n"))
	if err != nil || n != 3 {
		t.Errorf("%d fields, %v", n, err)
	}
	if err := lp.Valid(r.e.Bytes()); err != nil {
		t.Error(err)
	}
}
