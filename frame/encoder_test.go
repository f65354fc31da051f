package frame

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/pointwire/pointwire/lp"
)

// nulls makes rows of c null.
func nulls(c Column, rows ...int) Column {
	for _, i := range rows {
		c.SetNull(i)
	}
	return c
}

// dict is Tags for a field.
func dict(name string, values []string) Column {
	c := Tags(name, values)
	c.Role = Field
	return c
}

func tag(c Column) Column {
	c.Role = Tag
	return c
}

// TestAppendLP writes frames like the DataFrames that aioinflux gets wrong, and others.
func TestAppendLP(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, tt := range []struct {
		name    string
		f       Frame
		want    string
		skipped int
	}{
		{"order is kept when values are missing", Frame{Measurement: "m", Time: []int64{1, 2, 3}, Columns: []Column{nulls(Floats("f", []float64{1, nan, 3}), 1), Ints("i", []int64{4, 5, 6})}},
			"m f=1,i=4i 1\nm i=5i 2\nm f=3,i=6i 3\n", 0},
		{"rows without a field", Frame{Measurement: "m", Time: []int64{1, 2, 3}, Columns: []Column{nulls(Floats("f", []float64{1, 2, 3}), 1), {Name: "never", n: 3}}},
			"m f=1 1\nm f=3 3\n", 1},
		{"an integer column with null stays exact", Frame{Measurement: "m", Time: []int64{1, 2}, Columns: []Column{nulls(Ints("i", []int64{9007199254740993, 0}), 1), Bools("b", []bool{true, false})}},
			"m i=9007199254740993i,b=true 1\nm b=false 2\n", 0},
		{"null and empty tags are left out", Frame{Measurement: "m", Time: []int64{1, 2, 3}, Columns: []Column{nulls(Tags("t", []string{"a", "b", ""}), 1), Ints("i", []int64{1, 2, 3})}},
			"m,t=a i=1i 1\nm i=2i 2\nm i=3i 3\n", 0},
		{"a null text is left out", Frame{Measurement: "m", Columns: []Column{nulls(Strings("s", []string{"None", "x"}), 1), Ints("i", []int64{1, 2})}},
			"m s=\"None\",i=1i\nm i=2i\n", 0},
		{"an empty text is written", Frame{Measurement: "m", Columns: []Column{Strings("s", []string{""})}}, "m s=\"\"\n", 0},
		{"float32 in its own width", Frame{Measurement: "m", Columns: []Column{Floats32("f", []float32{0.1})}}, "m f=0.1\n", 0},
		{"uint64 with u", Frame{Measurement: "m", Columns: []Column{Uints("u", []uint64{math.MaxUint64})}}, "m u=18446744073709551615u\n", 0},
		{"all is escaped", Frame{Measurement: "m 1", Tags: []lp.Tag{{Key: "k k", Value: "v,v"}}, Columns: []Column{
			Tags("t t", []string{"a b"}), tag(Strings("u=u", []string{"c=c"})), Strings("s s", []string{"say \"hi\"\n\\"})}},
			"m\\ 1,k\\ k=v\\,v,t\\ t=a\\ b,u\\=u=c\\=c s\\ s=\"say \\\"hi\\\"\n\\\\\"\n", 0},
		{"names are data", Frame{Measurement: "m{6*7}", Columns: []Column{Ints("a{40+2}", []int64{1}), Ints("it's", []int64{2})}}, "m{6*7} a{40+2}=1i,it's=2i\n", 0},
		{"any name can be a tag", Frame{Measurement: "m", Tags: []lp.Tag{{Key: "precision", Value: "x"}, {Key: "db", Value: "y"}}, Columns: []Column{Ints("data", []int64{1})}}, "m,precision=x,db=y data=1i\n", 0},
		{"numbers as tags", Frame{Measurement: "m", Columns: []Column{tag(Ints("i", []int64{-5})), tag(Floats("f", []float64{1.5})), tag(Bools("b", []bool{true})), tag(Uints("u", []uint64{7})), Ints("v", []int64{1})}},
			"m,i=-5,f=1.5,b=true,u=7 v=1i\n", 0},
		{"a dictionary as a field", Frame{Measurement: "m", Columns: []Column{dict("s", []string{"a", "b", "a"})}}, "m s=\"a\"\nm s=\"b\"\nm s=\"a\"\n", 0},
		{"time zero and before 1970", Frame{Measurement: "m", Time: []int64{0, -1}, Columns: []Column{Ints("i", []int64{1, 2})}}, "m i=1i 0\nm i=2i -1\n", 0},
		{"no rows", Frame{Measurement: "m", Columns: []Column{Ints("i", nil)}}, "", 0},
		{"no columns", Frame{Measurement: "m", Time: []int64{1, 2}}, "", 2},
		{"nothing", Frame{}, "", 0},
		{"negative zero", Frame{Measurement: "m", Columns: []Column{Floats("f", []float64{math.Copysign(0, -1)})}}, "m f=-0\n", 0},
		{"a null infinity", Frame{Measurement: "m", Columns: []Column{nulls(Floats("f", []float64{inf}), 0), Ints("i", []int64{1})}}, "m i=1i\n", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.f.AppendLP([]byte("before\n"))
			if string(got) != "before\n"+tt.want || err != nil || tt.f.Skipped() != tt.skipped {
				t.Errorf("error %v, %d skipped, lines\n%s", err, tt.f.Skipped(), got)
			}
		})
	}
}

// TestAppendLPIn holds that the times are converted to the precision of the batch.
func TestAppendLPIn(t *testing.T) {
	f := Frame{Measurement: "m", Precision: lp.Millisecond, Time: []int64{-1, 1999, math.MaxInt64, lp.MaxTime / 1_000_000},
		Columns: []Column{nulls(Ints("i", []int64{1, 2, 3, 4}), 1)}}
	for _, tt := range []struct {
		p    lp.Precision
		want string
	}{
		{lp.Nanosecond, "m i=1i -1000000\nm i=4i 9223372036854000000\n"},
		{lp.Millisecond, "m i=1i -1\nm i=4i 9223372036854\n"},
		{lp.Second, "m i=1i -1\nm i=4i 9223372036\n"},
	} {
		got, err := f.AppendLPIn([]byte("x\n"), tt.p)
		var bad *lp.PointError
		if string(got) != "x\n"+tt.want || !errors.As(err, &bad) || bad.Reason != lp.ErrTimeRange || bad.Index != 2 || bad.Others != 0 || f.Skipped() != 1 {
			t.Errorf("%v: error %v, %d skipped, lines\n%s", tt.p, err, f.Skipped(), got)
		}
		var e lp.Encoder
		e.SetPrecision(tt.p)
		if err := e.Append(&f); err == nil || string(e.Bytes()) != tt.want || e.Refused() != 1 {
			t.Errorf("%v: error %v, lines\n%s", tt.p, err, e.Bytes())
		}
	}
	if f.Precision != lp.Millisecond || f.Time[1] != 1999 {
		t.Errorf("the frame was changed: %+v", f)
	}
	f = Frame{Measurement: "m", Columns: []Column{Ints("i", []int64{1})}} // without times
	if got, err := f.AppendLPIn(nil, lp.Hour); err != nil || string(got) != "m i=1i\n" {
		t.Errorf("%q, %v", got, err)
	}
	for _, f := range []Frame{{Time: []int64{1}}, {Precision: 77, Time: []int64{1}}} {
		f.Measurement, f.Columns = "m", []Column{Ints("i", []int64{1})}
		if got, err := f.AppendLPIn(nil, lp.Precision(76)); !errors.Is(err, lp.ErrTimeRange) || len(got) != 0 {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// TestAppendLPConcurrent encodes one frame in several goroutines at once. The race
// detector would see a write to the frame.
func TestAppendLPConcurrent(t *testing.T) {
	f := &Frame{Time: []int64{1, 2, 3}, Columns: []Column{
		Tags("t", []string{"a", "b", "a"}), nulls(Floats("f", []float64{1, 2, 3}), 1), nulls(Strings("s", []string{"x", "y", "z"}), 1)}}
	before := show(f)
	const want = "m,t=a f=1,s=\"x\" 0\nm,t=a f=3,s=\"z\" 0\n"
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				got, err := f.AppendLPAs(nil, lp.Form{Measurement: "m", Precision: lp.Second})
				if string(got) != want || err != nil || f.Skipped() != 1 {
					t.Errorf("error %v, %d skipped, lines\n%s", err, f.Skipped(), got)
				}
			}
		})
	}
	wg.Wait()
	if after := show(f); after != before {
		t.Errorf("the frame was changed from\n%s\nto\n%s", before, after)
	}
}

// TestSkipped compares Frame.Skipped with the rows that an Encoder leaves out.
func TestSkipped(t *testing.T) {
	some := 0
	for seed := range uint64(2000) {
		f := randomFrame(rand.New(rand.NewPCG(seed, 4)))
		var e Encoder
		e.Append(nil, f)
		some += e.Skipped()
		if f.Skipped() != e.Skipped() {
			t.Fatalf("seed %d: %d skipped, want %d in\n%s", seed, f.Skipped(), e.Skipped(), show(f))
		}
	}
	if some == 0 {
		t.Error("every row had a field")
	}
	short := nulls(Ints("i", []int64{1}), 0)
	short.Valid = Bitmap{}
	for _, f := range []Frame{
		{Time: []int64{1, 2}, Columns: []Column{short}},
		{Time: []int64{1}, Columns: []Column{short}},
	} {
		if n := f.Skipped(); n != 0 {
			t.Errorf("%d rows of a malformed frame are skipped", n)
		}
	}
}

// TestUnsignedSuffix holds that lp was asked about each of its policies.
func TestUnsignedSuffix(t *testing.T) {
	for policy, want := range map[lp.UnsignedPolicy]byte{
		lp.UnsignedAuto: 'u', lp.UnsignedKeep: 'u', lp.UnsignedInt: 'i', lp.UnsignedClamp: 'i', lp.UnsignedRefuse: 0, lp.UnsignedRefuse + 1: 0,
	} {
		if got := unsignedSuffix(policy); got != want {
			t.Errorf("policy %d: %q, want %q", policy, got, want)
		}
	}
}

// TestAppendLPRefused writes frames with rows that cannot be written.
func TestAppendLPRefused(t *testing.T) {
	ints := func(n int) Column { return Ints("i", make([]int64, n)) }
	for _, tt := range []struct {
		name   string
		f      Frame
		want   string
		reason lp.Reason
		index  int
		more   int
	}{
		{"NaN", Frame{Measurement: "m", Time: []int64{1, 2, 3, 4}, Columns: []Column{Floats("f", []float64{1, math.NaN(), 3, math.Inf(-1)})}}, "m f=1 1\nm f=3 3\n", lp.ErrNotFinite, 1, 1},
		{"NaT", Frame{Measurement: "m", Time: []int64{1, math.MinInt64}, Columns: []Column{ints(2)}}, "m i=0i 1\n", lp.ErrTimeRange, 1, 0},
		{"time in seconds", Frame{Measurement: "m", Precision: lp.Second, Time: []int64{lp.MaxTime, 1}, Columns: []Column{ints(2)}}, "m i=0i 1\n", lp.ErrTimeRange, 0, 0},
		{"no measurement", Frame{Time: []int64{1, 2}, Columns: []Column{ints(2)}}, "", lp.ErrNoMeasurement, 0, 1},
		{"a comment", Frame{Measurement: "#m", Columns: []Column{ints(1)}}, "", lp.ErrComment, 0, 0},
		{"a tag value that ends in a backslash", Frame{Measurement: "m", Columns: []Column{Tags("t", []string{"a", `b\`, "a"}), ints(3)}}, "m,t=a i=0i\nm,t=a i=0i\n", lp.ErrBackslash, 1, 0},
		{"a line feed in a tag", Frame{Measurement: "m", Columns: []Column{tag(Strings("t", []string{"a\nb", "a"})), ints(2)}}, "m,t=a i=0i\n", lp.ErrNewline, 0, 0},
		{"the field time", Frame{Measurement: "m", Columns: []Column{Ints("time", []int64{1})}}, "", lp.ErrReservedKey, 0, 0},
		{"an empty key", Frame{Measurement: "m", Columns: []Column{Ints("", []int64{1})}}, "", lp.ErrEmptyKey, 0, 0},
		{"two fields of one name", Frame{Measurement: "m", Columns: []Column{ints(1), ints(1)}}, "", lp.ErrDuplicateField, 0, 0},
		{"two tags of one name", Frame{Measurement: "m", Tags: []lp.Tag{{Key: "t", Value: "a"}}, Columns: []Column{Tags("t", []string{"b"}), ints(1)}}, "", lp.ErrDuplicateTag, 0, 0},
		{"text that is not UTF-8", Frame{Measurement: "m", Columns: []Column{Strings("s", []string{"a", "\xff"})}}, "m s=\"a\"\n", lp.ErrUTF8, 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.f.AppendLP(nil)
			var bad *lp.PointError
			if string(got) != tt.want || !errors.As(err, &bad) || bad.Reason != tt.reason || bad.Index != tt.index || bad.Others != tt.more {
				t.Errorf("error %v, lines\n%s", err, got)
			}
		})
	}
}

func TestAppendLPShape(t *testing.T) {
	strange := Strings("s", []string{"a"})
	strange.Offsets[1] = 7
	code := Tags("t", []string{"a"})
	code.Codes[0] = 1
	short := nulls(Ints("i", []int64{1}), 0)
	short.Valid = Bitmap{}
	for _, tt := range []struct {
		f    Frame
		want error
	}{
		{Frame{Measurement: "m", Time: []int64{1}, Columns: []Column{Ints("i", []int64{1, 2})}}, ErrLength},
		{Frame{Measurement: "m", Columns: []Column{Ints("i", []int64{1}), Floats("f", nil)}}, ErrLength},
		{Frame{Measurement: "m", Columns: []Column{strange}}, ErrLayout},
		{Frame{Measurement: "m", Columns: []Column{code}}, ErrLayout},
		{Frame{Measurement: "m", Columns: []Column{short}}, ErrLayout},
	} {
		got, err := tt.f.AppendLP([]byte("x"))
		var shape *ShapeError
		if string(got) != "x" || !errors.As(err, &shape) || !errors.Is(err, tt.want) {
			t.Errorf("%q, error %v, want %v", got, err, tt.want)
		}
	}
	f := Frame{Columns: []Column{Ints("a", nil)}}
	if err := f.SetTags("a", "b"); !errors.Is(err, ErrNoColumn) || f.Columns[0].Role != Field {
		t.Errorf("error %v, role %v", err, f.Columns[0].Role)
	}
}

func TestEncoderOptions(t *testing.T) {
	f := &Frame{Measurement: "m", Tags: []lp.Tag{{Key: "b", Value: "1"}}, Time: []int64{1, 2}, Columns: []Column{
		Tags("c", []string{"x", "y"}), Floats("f", []float64{math.NaN(), 2}), Uints("u", []uint64{1, math.MaxUint64})}}
	for _, tt := range []struct {
		name string
		e    *Encoder
		want string
		err  error
	}{
		{"sorted", &Encoder{Options: lp.Options{TagOrder: lp.TagsSorted, NotFinite: lp.NotFiniteDropField}, Tags: []lp.Tag{{Key: "a", Value: "z"}}},
			"m,a=z,b=1,c=x u=1u 1\nm,a=z,b=1,c=y f=2,u=18446744073709551615u 2\n", nil},
		{"tags of the frame win over extra tags", &Encoder{Options: lp.Options{NotFinite: lp.NotFiniteDropPoint}, Tags: []lp.Tag{{Key: "b", Value: "no"}, {Key: "c", Value: "no"}, {Key: "d", Value: "yes"}}},
			"m,b=1,c=y,d=yes f=2,u=18446744073709551615u 2\n", nil},
		{"unsigned as integers", &Encoder{Options: lp.Options{NotFinite: lp.NotFiniteDropField, Unsigned: lp.UnsignedInt}}, "m,b=1,c=x u=1i 1\n", lp.ErrUnsigned},
		{"unsigned clamped", &Encoder{Options: lp.Options{NotFinite: lp.NotFiniteDropField, Unsigned: lp.UnsignedClamp}}, "m,b=1,c=x u=1i 1\nm,b=1,c=y f=2,u=9223372036854775807i 2\n", nil},
		{"unsigned refused", &Encoder{Options: lp.Options{NotFinite: lp.NotFiniteDropField, Unsigned: lp.UnsignedRefuse}}, "", lp.ErrUnsigned},
	} {
		got, err := tt.e.Append(nil, f)
		if string(got) != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: error %v, lines\n%s", tt.name, err, got)
		}
		if lines := strings.Count(tt.want, "\n"); tt.e.Lines() != lines {
			t.Errorf("%s: %d lines, want %d", tt.name, tt.e.Lines(), lines)
		}
	}
	e := Encoder{Options: lp.Options{NotFinite: lp.NotFiniteDropField, Text: lp.TextReplace, RefuseNewline: true}}
	got, err := e.Append(nil, &Frame{Measurement: "", Columns: []Column{Strings("s\n", []string{"a\nb", "c"}), Floats("f", []float64{1, math.NaN()})}})
	if want := "_ s_=\"a_b\",f=1\n_ s_=\"c\"\n"; string(got) != want || err != nil {
		t.Errorf("%s%v", got, err)
	}
	if e.Count(lp.ErrNotFinite) != 1 || e.Count(lp.Replaced) != 5 || e.Count(lp.ErrNoFields) != 0 {
		t.Errorf("counts %d, %d", e.Count(lp.ErrNotFinite), e.Count(lp.Replaced))
	}
	dropping := Encoder{Options: lp.Options{NotFinite: lp.NotFiniteDropField}}
	if got, err := dropping.Append(nil, &Frame{Measurement: "m", Columns: []Column{Floats("f", []float64{math.NaN(), 1})}}); string(got) != "m f=1\n" || err != nil || dropping.Skipped() != 1 {
		t.Errorf("%s%v, %d skipped", got, err, dropping.Skipped())
	}
}

// randomFrame makes a frame whose names and values are often bad.
func randomFrame(r *rand.Rand) *Frame {
	text := func() string {
		const letters = "aab,= \\\"#\n\t\x00é\xff"
		n := r.IntN(5)
		if r.IntN(20) == 0 {
			n = 100
		}
		b := make([]byte, n)
		for i := range b {
			if b[i] = 'a' + byte(r.IntN(3)); r.IntN(8) == 0 {
				b[i] = letters[r.IntN(len(letters))]
			}
		}
		return string(b)
	}
	name := func() string {
		if r.IntN(10) == 0 {
			return text()
		}
		return fmt.Sprintf("k%d", r.IntN(40))
	}
	rows := r.IntN(20)
	if r.IntN(8) == 0 {
		rows = 200 // several blocks, and enough rows to fuse tags
	}
	f := &Frame{Measurement: name(), Precision: lp.Precision(r.IntN(6))}
	for range r.IntN(3) {
		f.Tags = append(f.Tags, lp.Tag{Key: name(), Value: text()})
	}
	if r.IntN(3) > 0 {
		f.Time = make([]int64, rows)
		for i := range f.Time {
			f.Time[i] = r.Int64N(1e9)
			if r.IntN(20) == 0 {
				f.Time[i] = int64(r.Uint64())
			}
		}
	}
	for range r.IntN(6) {
		c := Column{Name: name(), Role: Role(r.IntN(2))}
		kind := r.IntN(10)
		full := r.IntN(3) == 0
		few := []string{text(), "a", "b b", text()}
		for range rows {
			if !full && r.IntN(5) == 0 {
				c.AppendNull()
				continue
			}
			switch kind {
			case 0:
				c.AppendBool(r.IntN(2) == 0)
			case 1:
				c.AppendInt(int64(r.Uint64()) >> r.IntN(64))
			case 2:
				c.AppendUint(r.Uint64() >> r.IntN(64))
			case 3:
				c.AppendFloat(math.Float64frombits(r.Uint64()))
			case 4:
				c.AppendFloat(float64(r.IntN(10_000)) / 100)
			case 5:
				c.AppendFloat32(math.Float32frombits(r.Uint32()))
			case 6:
				c.AppendString(text())
			case 7:
				c.AppendCode(text())
			case 8:
				c.AppendCode(few[r.IntN(len(few))]) // few enough to be fused
			default:
				c.AppendNull()
			}
		}
		f.Columns = append(f.Columns, c)
	}
	return f
}

func randomOptions(r *rand.Rand) lp.Options {
	return lp.Options{
		NotFinite: lp.NotFinitePolicy(r.IntN(3)), Text: lp.TextPolicy(r.IntN(3)), Unsigned: lp.UnsignedPolicy(r.IntN(5)),
		TagOrder: lp.TagOrder(r.IntN(2)), RefuseNewline: r.IntN(2) == 0, AllowDuplicateFields: r.IntN(2) == 0,
		SharedKey: lp.SharedKeyPolicy(r.IntN(2)),
	}
}

// comparePlain compares what the plan and lp.Encoder write for f.
func comparePlain(t *testing.T, f *Frame, o lp.Options, extra []lp.Tag) {
	t.Helper()
	comparePlainTo(t, &Encoder{Options: o, Tags: extra}, f)
}

// comparePlainTo is comparePlain for an encoder that was used before.
func comparePlainTo(t *testing.T, fast *Encoder, f *Frame) {
	t.Helper()
	o, extra := fast.Options, fast.Tags
	linesBefore, skippedBefore := fast.Lines(), fast.Skipped()
	var before [lp.Replaced + 1]uint64
	for reason := range before {
		before[reason] = fast.Count(lp.Reason(reason))
	}
	got, err := fast.Append([]byte("x"), f)
	plain := Encoder{Options: o, Tags: extra}
	o.Precision = f.Precision
	plain.plain.SetOptions(o)
	plain.setExtra(f)
	want := []byte("x")
	var first *lp.PointError
	bad := 0
	for i := range f.Len() {
		var err error
		want, err = plain.appendPlain(want, f, i)
		var e *lp.PointError
		if errors.As(err, &e) {
			if bad++; first == nil {
				first = e
				first.Index = i
			}
		}
	}
	if string(got) != string(want) {
		t.Fatalf("%s\ngot\n%q\nwant\n%q", show(f), got, want)
	}
	if first != nil {
		first.Others = bad - 1
	}
	if (err == nil) != (first == nil) || err != nil && err.Error() != first.Error() {
		t.Fatalf("error %v, want %v", err, first)
	}
	if lines, skipped := fast.Lines()-linesBefore, fast.Skipped()-skippedBefore; lines != plain.Lines() || skipped != plain.Skipped() {
		t.Fatalf("%d lines and %d skipped, want %d and %d", lines, skipped, plain.Lines(), plain.Skipped())
	}
	for reason := range lp.Replaced + 1 {
		if n := fast.Count(reason) - before[reason]; n != plain.Count(reason) {
			t.Fatalf("%d times %v, want %d", n, reason, plain.Count(reason))
		}
	}
}

// TestEncoderReuse writes frames with one encoder, each a little different from the
// last. The encoder must not reuse tags of a frame that had others.
func TestEncoderReuse(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		e := new(Encoder)
		f := randomFrame(r)
		for range 20 {
			switch r.IntN(9) {
			case 0:
				f = randomFrame(r)
			case 1:
				f = f.Clone()
			case 2:
				f.Measurement += "x"
			case 3:
				f.Tags = append(f.Tags, lp.Tag{Key: fmt.Sprintf("t%d", r.IntN(5)), Value: "v"})
			case 4:
				e.Options = randomOptions(r)
			case 5:
				e.Tags = []lp.Tag{{Key: fmt.Sprintf("k%d", r.IntN(40)), Value: "extra"}}
			case 6:
				if n := len(f.Columns); n > 1 {
					a, b := r.IntN(n), r.IntN(n)
					f.Columns[a], f.Columns[b] = f.Columns[b], f.Columns[a]
				}
			default: // in place
				for k := range f.Columns {
					c := &f.Columns[k]
					if n := len(c.Data); n > 0 && r.IntN(2) == 0 {
						c.Data[r.IntN(n)] = "ab\n\\"[r.IntN(4)]
					}
					if c.Len() > 0 && r.IntN(4) == 0 {
						c.SetNull(r.IntN(c.Len()))
					}
					if r.IntN(8) == 0 {
						c.Role ^= 1
					}
				}
			}
			comparePlainTo(t, e, f)
		}
	}
}

func TestEncoderRandom(t *testing.T) {
	n := 20_000
	if testing.Short() {
		n = 2000
	}
	for seed := range uint64(n) {
		r := rand.New(rand.NewPCG(seed, 1))
		f := randomFrame(r)
		var extra []lp.Tag
		if r.IntN(3) == 0 {
			extra = []lp.Tag{{Key: "k1", Value: "extra"}, {Key: "z", Value: "extra"}}
		}
		comparePlain(t, f, randomOptions(r), extra)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// TestEncoderTextBound holds that rows are left to lp.Encoder if the bounds of their
// texts do not fit 32 bits. It lowers that limit to one that random frames reach.
func TestEncoderTextBound(t *testing.T) {
	defer func(n int) { maxText = n }(maxText)
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 2))
		maxText = r.IntN(200)
		comparePlain(t, randomFrame(r), randomOptions(r), nil)
		if t.Failed() {
			t.Fatalf("seed %d, bound %d", seed, maxText)
		}
	}
}
