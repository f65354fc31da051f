package pwarrow_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	pwarrow "github.com/pointwire/pointwire/adapters/arrow"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// response returns a query response with a series per host, of rows rows each.
func response(hosts []string, rows int) string {
	var b strings.Builder
	b.WriteString(`{"results":[{"statement_id":0,"series":[`)
	for k, host := range hosts {
		if k > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"cpu","tags":{"host":%q},"columns":["time","load","state"],"values":[`, host)
		for i := range rows {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `[%d,%d.5,"%s%d"]`, 1000*k+i, i, host, i%3)
		}
		b.WriteString(`]}`)
	}
	b.WriteString(`]}]}`)
	return b.String()
}

// reader returns a Reader whose frames are valid until the next one. The tags are columns.
func reader(body string, rows int) *frame.Reader {
	r := frame.NewReader(jsonscan.NewScanner(strings.NewReader(body)))
	r.Rows, r.Merge, r.Tags = rows, true, []string{"state"}
	return r
}

// linesOf returns the lines of frames.
func linesOf(t *testing.T, frames iter.Seq2[*frame.Frame, error]) string {
	t.Helper()
	var lines []byte
	for f, err := range frames {
		if err != nil {
			t.Fatal(err)
		}
		if lines, err = f.AppendLP(lines); err != nil {
			t.Fatal(err)
		}
	}
	return string(lines)
}

type write func(w io.Writer, schema *arrow.Schema, frames iter.Seq2[*frame.Frame, error], o ...ipc.Option) error

// Frames that a Reader makes in the same memory, one after the other, are written whole and
// read back, by the library itself and as frames that stay valid.
func TestStreamAndFile(t *testing.T) {
	body := response([]string{"a1", "b2", "c3", "d4", "e5"}, 7)
	want := linesOf(t, reader(body, 4).Frames())
	for name, c := range map[string]struct {
		write write
		o     []ipc.Option
		read  func([]byte) iter.Seq2[*frame.Frame, error]
		count func([]byte) int64
	}{
		"stream":      {pwarrow.WriteStream, nil, readStream, countStream},
		"stream zstd": {pwarrow.WriteStream, []ipc.Option{ipc.WithZstd()}, readStream, countStream},
		"stream lz4":  {pwarrow.WriteStream, []ipc.Option{ipc.WithLZ4()}, readStream, countStream},
		"file":        {pwarrow.WriteFile, nil, readFile, countFile},
		"file zstd":   {pwarrow.WriteFile, []ipc.Option{ipc.WithZstd()}, readFile, countFile},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := c.write(&out, nil, reader(body, 4).Frames(), c.o...); err != nil {
				t.Fatal(err)
			}
			if n := c.count(out.Bytes()); n != 35 {
				t.Errorf("the library reads %d rows, want 35", n)
			}
			var all []*frame.Frame // used after all are read
			for f, err := range c.read(out.Bytes()) {
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, f)
			}
			if got := linesOf(t, both(all)); got != want || len(all) != 9 {
				t.Errorf("%d frames\n%s\nwant\n%s", len(all), got, want)
			}
		})
	}
}

func readStream(b []byte) iter.Seq2[*frame.Frame, error] {
	return pwarrow.ReadStream(bytes.NewReader(b))
}

func readFile(b []byte) iter.Seq2[*frame.Frame, error] { return pwarrow.ReadFile(bytes.NewReader(b)) }

// countStream returns the rows of a stream in which each text is that of its host, or -1.
func countStream(b []byte) (n int64) {
	r, err := ipc.NewReader(bytes.NewReader(b))
	if err != nil {
		return -1
	}
	defer r.Release()
	for r.Next() {
		n += countRows(r.RecordBatch())
	}
	return n
}

func countFile(b []byte) (n int64) {
	r, err := ipc.NewFileReader(bytes.NewReader(b))
	if err != nil {
		return -1
	}
	for i := range r.NumRecords() {
		batch, err := r.RecordBatchAt(i)
		if err != nil {
			return -1
		}
		n += countRows(batch)
	}
	return n
}

func countRows(r arrow.RecordBatch) (n int64) {
	host := r.Column(r.Schema().FieldIndices("host")[0])
	state := r.Column(r.Schema().FieldIndices("state")[0])
	for i := range int(r.NumRows()) {
		if strings.HasPrefix(state.ValueStr(i), host.ValueStr(i)) {
			n++
		}
	}
	return n
}

func both(list []*frame.Frame) iter.Seq2[*frame.Frame, error] {
	return func(yield func(*frame.Frame, error) bool) {
		for _, f := range list {
			if !yield(f, nil) {
				return
			}
		}
	}
}

// Series whose columns differ are written in a schema of all of them.
func TestWriteWithSchema(t *testing.T) {
	body := `{"results":[{"series":[{"name":"m","columns":["time","a"],"values":[[1,1],[2,null]]},{"name":"m","columns":["time","a","b"],"values":[[3,0.5,"x"]]}]}]}`
	frames, err := frame.ReadAll(frame.NewReader(jsonscan.NewScanner(strings.NewReader(body))))
	if err != nil {
		t.Fatal(err)
	}
	s, err := pwarrow.Schema(frames...)
	if err != nil {
		t.Fatal(err)
	}
	for _, write := range []write{pwarrow.WriteStream, pwarrow.WriteFile} {
		if err := write(io.Discard, nil, both(frames)); !errors.Is(err, pwarrow.ErrNotInSchema) {
			t.Errorf("in the schema of the first: %v", err)
		}
	}
	var out bytes.Buffer
	if err := pwarrow.WriteFile(&out, s, both(frames)); err != nil {
		t.Fatal(err)
	}
	if got, want := linesOf(t, readFile(out.Bytes())), "m a=1 1\nm a=0.5,b=\"x\" 3\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Without frames a stream has a schema alone, and without that it is an error. The error of
// a frame ends the writing.
func TestNoFrames(t *testing.T) {
	none := both(nil)
	s, err := pwarrow.Schema(&frame.Frame{Measurement: "m", Time: []int64{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		write write
		read  func([]byte) iter.Seq2[*frame.Frame, error]
	}{{pwarrow.WriteStream, readStream}, {pwarrow.WriteFile, readFile}} {
		if err := c.write(io.Discard, nil, none); !errors.Is(err, pwarrow.ErrNoFrames) {
			t.Error(err)
		}
		var out bytes.Buffer
		if err := c.write(&out, s, none); err != nil {
			t.Error(err)
		}
		for range c.read(out.Bytes()) {
			t.Error("a frame, or an error")
		}
		bad := func(yield func(*frame.Frame, error) bool) { yield(nil, io.ErrUnexpectedEOF) }
		if err := c.write(io.Discard, nil, bad); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
		if err := c.write(broken{}, s, both([]*frame.Frame{{Measurement: "m", Time: []int64{1}}})); !errors.Is(err, io.ErrClosedPipe) {
			t.Error(err)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// A damaged body of a message is an error or other values, and never a panic: neither here
// nor when the frames are used. So is input that ends early. The library trusts metadata,
// see ReadStream, so it is left alone.
func TestDamaged(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, c := range []struct {
		write write
		read  func([]byte) iter.Seq2[*frame.Frame, error]
		from  int // where the messages begin
	}{{pwarrow.WriteStream, readStream, 0}, {pwarrow.WriteFile, readFile, 8}} {
		var out bytes.Buffer
		if err := c.write(&out, nil, reader(response([]string{"a", "b"}, 5), 0).Frames()); err != nil {
			t.Fatal(err)
		}
		failed, tried := 0, 0
		for _, i := range bodies(t, out.Bytes(), c.from) {
			for _, change := range []byte{1 << r.IntN(8), 0x80, byte(1 + r.IntN(255))} {
				damaged := slices.Clone(out.Bytes())
				damaged[i] ^= change
				tried++
				if use(t, c.read(damaged)) {
					failed++
				}
			}
		}
		if tried < 800 || failed < tried/10 || failed == tried {
			t.Errorf("%d of %d changed bytes are an error", failed, tried)
		}
		for i := range out.Len() {
			use(t, c.read(out.Bytes()[:i]))
		}
	}
}

// use writes the frames, and reports whether one is an error.
func use(t *testing.T, frames iter.Seq2[*frame.Frame, error]) bool {
	for f, err := range frames {
		if err != nil {
			return true
		}
		encoder := frame.Encoder{Options: lp.Options{Text: lp.TextReplace, SharedKey: lp.SharedKeyAllow, NotFinite: lp.NotFiniteDropField}}
		if _, err := encoder.Append(nil, f); errors.Is(err, frame.ErrLayout) {
			t.Errorf("a malformed frame: %v", err)
		}
	}
	return false
}

// bodies returns the places of the bytes in the bodies of messages.
func bodies(t *testing.T, b []byte, from int) (places []int) {
	t.Helper()
	m := ipc.NewMessageReader(bytes.NewReader(b[from:]))
	for {
		message, err := m.Message()
		if err != nil { // the end
			return places
		}
		from += 8 + int(binary.LittleEndian.Uint32(b[from+4:])) // a mark, the length of the metadata, and that
		for range message.BodyLen() {
			places = append(places, from)
			from++
		}
	}
}

// A frame of a record that the library reads is that of the stream.
func TestFrameOfRead(t *testing.T) {
	f := random(rand.New(rand.NewPCG(9, 1)), 30)
	var out bytes.Buffer
	if err := pwarrow.WriteStream(&out, nil, both([]*frame.Frame{f})); err != nil {
		t.Fatal(err)
	}
	r, err := ipc.NewReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	for r.Next() {
		g, err := pwarrow.Frame(r.RecordBatch())
		if err != nil {
			t.Fatal(err)
		}
		sameLines(t, "read", f, g)
	}
}
