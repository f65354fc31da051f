package itest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// A state is an integer that is written as a text.
type state uint8

var stateNames = []string{"idle", "running", `gone "away"`}

func (s state) String() string { return stateNames[s] }

func (s *state) UnmarshalText(b []byte) error {
	i := slices.Index(stateNames, string(b))
	if i < 0 {
		return fmt.Errorf("no state %q", b)
	}
	*s = state(i)
	return nil
}

// A version is a type with its own text form.
type version struct{ Major, Minor int }

func (v version) AppendText(b []byte) ([]byte, error) {
	return fmt.Appendf(b, "v%d.%d", v.Major, v.Minor), nil
}

func (v version) MarshalText() ([]byte, error) { return v.AppendText(nil) }

func (v *version) UnmarshalText(b []byte) error {
	_, err := fmt.Sscanf(string(b), "v%d.%d", &v.Major, &v.Minor)
	return err
}

type place struct {
	X int64  `lp:"x"`
	Y string `lp:"y"`
}

type embedded struct {
	Rack int16 `lp:"rack,tag"`
	I8   int8  `lp:"i8"`
}

// everything has a field of every kind that a Schema writes and StructsOf reads.
type everything struct {
	Name lp.Measurement
	Time time.Time `lp:",timestamp"`

	Host    string  `lp:"host,tag"`
	Zone    *string `lp:"zone,tag"`
	Raw     []byte  `lp:"raw,tag"`
	Slot    uint32  `lp:"slot,tag"`
	State   state   `lp:"state,tag"`
	Version version `lp:"version,tag"`
	embedded

	I16      int16          `lp:"i16"`
	I32      int32          `lp:"i32"`
	I64      int64          `lp:"i64"`
	I        int            `lp:"i"`
	U8       uint8          `lp:"u8"`
	U16      uint16         `lp:"u16"`
	U32      uint32         `lp:"u32"`
	U64      uint64         `lp:"u64"`
	U        uint           `lp:"u"`
	F32      float32        `lp:"f32"`
	F64      float64        `lp:"f64"`
	B        bool           `lp:"b"`
	S        string         `lp:"s"`
	Bytes    []byte         `lp:"bytes,omitempty"`
	Duration time.Duration  `lp:"duration"`
	Fee      string         `lp:"fee,decimal"`
	Now      state          `lp:"now,string"`
	Agent    version        `lp:"agent"`
	From     place          `lp:"from_,inline"`
	PI       *int64         `lp:"pi"`
	PF       *float64       `lp:"pf"`
	PB       *bool          `lp:"pb"`
	PS       *string        `lp:"ps"`
	PV       *version       `lp:"pv"`
	PD       *time.Duration `lp:"pd"`
	Note     string         `lp:"note,omitempty"`
	Count    int            `lp:"count,omitempty"`
	Seen     time.Time      `lp:"seen,string"`
	Begun    time.Time      `lp:"begun,us"`
	Until    *time.Time     `lp:"until,ns"`
	Number   json.Number    `lp:"number"`
	Exact    json.Number    `lp:"exact,decimal"`
	Skipped  string         `lp:"-"`
}

// ref returns a pointer to v, or nil one time in three.
func ref[T any](r *rand.Rand, v T) *T {
	if r.IntN(3) == 0 {
		return nil
	}
	return &v
}

func randomText(r *rand.Rand) string {
	alphabet := []rune("abc \",=\\\n\t<&\x00é😀/'$")
	var b strings.Builder
	for range r.IntN(40) {
		b.WriteRune(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

// anything returns point i. Its values include the limits of their ranges.
func anything(r *rand.Rand, i int) everything {
	v := everything{
		Name: "every thing",
		Time: time.Unix(0, 1_500_000_000_000_000_000+int64(i)).UTC(),
		Host: fmt.Sprintf("host %d", r.IntN(7)), Zone: ref(r, "é,="), Raw: []byte{'r', byte('a' + r.IntN(3))},
		Slot: r.Uint32N(5), State: state(r.IntN(3)), Version: version{1, r.IntN(3)},
		embedded: embedded{Rack: int16(r.IntN(3) - 1), I8: int8(r.Uint32())},
		I16:      int16(r.Uint32()), I32: int32(r.Uint32()), I64: int64(r.Uint64()), I: r.Int(),
		U8: uint8(r.Uint32()), U16: uint16(r.Uint32()), U32: r.Uint32(), U64: r.Uint64() >> 1, U: r.Uint() >> 1,
		F32: math.Float32frombits(r.Uint32()), F64: math.Float64frombits(r.Uint64()), B: r.IntN(2) == 0,
		S: randomText(r), Bytes: []byte("x" + randomText(r)), Duration: time.Duration(r.Int64()),
		Fee: fmt.Sprintf("%d.%d", r.IntN(1000), 1+r.IntN(9)), Now: state(r.IntN(3)), Agent: version{r.IntN(99), r.IntN(99)},
		From: place{r.Int64(), randomText(r)},
		PI:   ref(r, int64(r.Uint64())), PF: ref(r, r.NormFloat64()), PB: ref(r, r.IntN(2) == 0), PS: ref(r, randomText(r)),
		PV: ref(r, version{r.IntN(99), r.IntN(99)}), PD: ref(r, time.Duration(r.IntN(1e9))),
		Seen: time.Unix(0, r.Int64()-math.MaxInt64/2).UTC(), Begun: time.UnixMicro(r.Int64() - math.MaxInt64/2).UTC(),
		Until:  ref(r, time.Unix(0, int64(r.Uint64())).UTC()),
		Number: json.Number(fmt.Sprint(int64(r.Uint64()))), Exact: json.Number(fmt.Sprintf("%d.%d", r.IntN(1000), 1+r.IntN(9))),
	}
	if x := float64(v.F32); math.IsNaN(x) || math.IsInf(x, 0) {
		v.F32 = math.SmallestNonzeroFloat32
	}
	if math.IsNaN(v.F64) || math.IsInf(v.F64, 0) {
		v.F64 = math.Copysign(0, -1)
	}
	switch r.IntN(8) {
	case 0:
		v.I8, v.I16, v.I32, v.I64 = math.MinInt8, math.MinInt16, math.MinInt32, math.MinInt64
		v.F64, v.F32 = math.MaxFloat64, math.MaxFloat32
	case 1:
		v.U8, v.U16, v.U32, v.U64, v.I64 = math.MaxUint8, math.MaxUint16, math.MaxUint32, math.MaxInt64, math.MaxInt64
		v.F64 = math.SmallestNonzeroFloat64
	case 2:
		v.Note, v.Count, v.Bytes, v.Raw, v.Host = "note", 1+r.IntN(9), nil, nil, ""
	}
	return v
}

// TestStructsRoundTrip writes structs with a Schema and reads them with StructsOf, from
// tags in columns and from tags of series.
func TestStructsRoundTrip(t *testing.T) {
	const n = 3000
	r := rand.New(rand.NewPCG(1, 2))
	var want []everything
	for i := range n {
		want = append(want, anything(r, i))
	}
	schema := must[*lp.Schema[everything]](t)(lp.NewSchema[everything](lp.SchemaOptions{Options: lp.Options{Unsigned: lp.UnsignedInt}}))
	onServers(t, func(t *testing.T, s *Server, c *fastclient.Client) {
		if err := fastclient.WriteStructs(t.Context(), c, schema, want); err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{`SELECT * FROM "every thing"`, `SELECT * FROM "every thing" GROUP BY *`} {
			var got []everything
			res, err := c.Query(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for v, err := range jsonscan.StructsOf[everything](res.Rows()) {
				if err != nil {
					t.Fatalf("%s: %v", q, err)
				}
				got = append(got, v)
			}
			slices.SortStableFunc(got, func(a, b everything) int { return cmp.Compare(a.Time.UnixNano(), b.Time.UnixNano()) })
			into, err := fastclient.QueryInto[everything](t.Context(), c, nil, q)
			if err != nil {
				t.Fatal(err)
			}
			slices.SortStableFunc(into, func(a, b everything) int { return cmp.Compare(a.Time.UnixNano(), b.Time.UnixNano()) })
			if len(got) != n || len(into) != n {
				t.Fatalf("%s: %d and %d structs, want %d", q, len(got), len(into), n)
			}
			for i := range want {
				if !reflect.DeepEqual(got[i], want[i]) || !reflect.DeepEqual(into[i], want[i]) {
					t.Fatalf("%s: struct %d is\n%+v\nwant\n%+v", q, i, got[i], want[i])
				}
				if math.Signbit(got[i].F64) != math.Signbit(want[i].F64) {
					t.Fatalf("%s: struct %d has %v, want %v", q, i, got[i].F64, want[i].F64)
				}
			}
		}
	})
}
