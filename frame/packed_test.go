package frame

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/jsonscan"
)

// packedReader returns a reader of a MessagePack response.
func packedReader(body []byte) *Reader {
	s := jsonscan.NewScanner(bytes.NewReader(body))
	s.MessagePack = true
	return NewReader(s)
}

// TestPackedFrames holds that the frames of MessagePack are those of JSON, with the same
// numbers.
func TestPackedFrames(t *testing.T) {
	for _, b := range workload.Bodies {
		for _, merge := range []bool{false, true} {
			size := 0.01
			if strings.HasPrefix(b.Name, "small") {
				size = 1
			}
			text := b.Make(size, 100)
			packed, err := workload.MessagePack(text)
			if err != nil {
				t.Fatal(err)
			}
			p, j := packedReader(packed), NewReader(jsonscan.NewScanner(bytes.NewReader(text)))
			p.Merge, j.Merge = merge, merge
			p.Tags, j.Tags = b.Tags, b.Tags
			got, err := ReadAll(p)
			if err != nil {
				t.Fatal(err)
			}
			want, err := ReadAll(j)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(want) || len(got) == 0 {
				t.Fatalf("%s: %d frames, in JSON %d", b.Name, len(got), len(want))
			}
			for i := range got {
				samePacked(t, b.Name, got[i], want[i])
			}
		}
	}
}

// samePacked compares a frame with that of JSON. A column of whole floats has integers there.
func samePacked(t *testing.T, name string, p, j *Frame) {
	t.Helper()
	if p.Measurement != j.Measurement || p.Len() != j.Len() || len(p.Columns) != len(j.Columns) || p.Precision != j.Precision || p.Partial != j.Partial {
		t.Fatalf("%s: %v %d %d, in JSON %v %d %d", name, p.Measurement, p.Len(), len(p.Columns), j.Measurement, j.Len(), len(j.Columns))
	}
	for i := range p.Len() {
		if p.Time != nil && p.Time[i] != j.Time[i] {
			t.Fatalf("%s: time %d, in JSON %d", name, p.Time[i], j.Time[i])
		}
	}
	for k := range p.Columns {
		c, d := &p.Columns[k], &j.Columns[k]
		if c.Name != d.Name || c.Role != d.Role || c.Type != d.Type && !(c.Type == Float64 && d.Type == Int64) {
			t.Fatalf("%s: column %s of %v, in JSON %s of %v", name, c.Name, c.Type, d.Name, d.Type)
		}
		for i := range p.Len() {
			if a, b := string(c.AppendValue(nil, i)), string(d.AppendValue(nil, i)); c.IsNull(i) != d.IsNull(i) || a != b {
				t.Fatalf("%s: column %s, row %d: %s, in JSON %s", name, c.Name, i, a, b)
			}
		}
	}
}

// TestPackedEdges holds what only MessagePack brings into a frame: infinities, whole floats
// that stay floats, and times as an extension.
func TestPackedEdges(t *testing.T) {
	body := "\x81\xa7results\x91\x82\xacstatement_id\x00\xa6series\x91\x83\xa4name\xa1m\xa7columns\x94\xa4time\xa1f\xa1w\xa1s\xa6values\x92" +
		"\x94\xc7\x0c\x05\x00\x00\x00\x00\x59\x68\x2f\x80\x00\x00\x00\x01\xcb\xff\xf0\x00\x00\x00\x00\x00\x00\xcb\x40\x08\x00\x00\x00\x00\x00\x00\xa2\xff\xfe" +
		"\x94\xc7\x0c\x05\x00\x00\x00\x00\x59\x68\x2f\x81\x00\x00\x00\x00\xc0\xcb\x40\x10\x00\x00\x00\x00\x00\x00\xa1x"
	frames, err := ReadAll(packedReader([]byte(body)))
	if err != nil || len(frames) != 1 {
		t.Fatal(frames, err)
	}
	f := frames[0]
	if f.Precision != jsonscan.Nanosecond || f.Time[0] != 0x59682f80*1_000_000_000+1 || f.Time[1] != 0x59682f81*1_000_000_000 {
		t.Error(f.Precision, f.Time)
	}
	if c := f.Columns[0]; c.Type != Float64 || !math.IsInf(c.Floats[0], -1) || !c.IsNull(1) {
		t.Errorf("%+v", c)
	}
	if c := f.Columns[1]; c.Type != Float64 || c.Floats[0] != 3 || c.Floats[1] != 4 || c.Rounded != 0 {
		t.Errorf("%+v", c)
	}
	if c := f.Columns[2]; string(c.Text(0)) != "\ufffd\ufffd" || string(c.Text(1)) != "x" {
		t.Errorf("%q", c.Data)
	}
}
