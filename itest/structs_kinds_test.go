package itest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// A kindPoint has a value of one kind in every role that a field may have.
type kindPoint[V any] struct {
	Time time.Time `lp:",timestamp"`
	Seq  int       `lp:"seq"`
	V    V         `lp:"v"`
	P    *V        `lp:"p"`
	O    V         `lp:"o,omitempty"`
	In   KindPart[V]
	To   *KindPart[V] `lp:"to_,inline"`
	*KindPart[V]
}

// KindPart is within a kindPoint.
type KindPart[V any] struct {
	Same  string `lp:"same,tag"`
	Other *V     `lp:"other"`
}

// A kindTags has a value of one kind in every role that a tag may have.
type kindTags[V any] struct {
	Time time.Time `lp:",timestamp"`
	Seq  int       `lp:"seq"`
	V    V         `lp:"v,tag"`
	P    *V        `lp:"p,tag"`
}

// stamped is a point whose time tells where it belongs.
type stamped interface{ at() time.Time }

func (p kindPoint[V]) at() time.Time { return p.Time }
func (p kindTags[V]) at() time.Time  { return p.Time }

// randomKind returns a value of V, which may be at the limits of its range.
func randomKind[V any](r *rand.Rand) (v V) {
	at := reflect.ValueOf(&v).Elem()
	switch p := any(&v).(type) {
	case *time.Duration:
		*p = time.Duration(r.Uint64())
		return v
	case *state:
		*p = state(r.IntN(len(stateNames)))
		return v
	case *version:
		*p = version{r.IntN(99), r.IntN(99)}
		return v
	}
	switch {
	case at.CanInt():
		at.SetInt(int64(r.Uint64()) >> r.IntN(64))
	case at.CanUint():
		at.SetUint(r.Uint64() >> (1 + r.IntN(63)))
	case at.Kind() == reflect.Float32:
		at.SetFloat(float64(finite(math.Float32frombits(r.Uint32()))))
	case at.CanFloat():
		at.SetFloat(finite(math.Float64frombits(r.Uint64())))
	case at.Kind() == reflect.Bool:
		at.SetBool(r.IntN(2) == 0)
	case at.Kind() == reflect.String:
		at.SetString(randomText(r))
	default:
		if r.IntN(3) > 0 {
			at.SetBytes([]byte(randomText(r)))
		}
	}
	return v
}

// finite returns v, or a number in the place of one that cannot be written.
func finite[F float32 | float64](v F) F {
	if v-v != 0 {
		return 1 << 60
	}
	return v
}

// kindCase writes random values of T and reads them back, all together and alone, so that
// everything which a point may lack is missing in some response.
func kindCase[T stamped](name string, groups []string, random func(r *rand.Rand, at time.Time, seq int) T) func(*testing.T, *fastclient.Client) {
	return func(t *testing.T, c *fastclient.Client) {
		r := rand.New(rand.NewPCG(7, uint64(len(name))))
		write := func(measurement string, n int) {
			t.Helper()
			schema := must[*lp.Schema[T]](t)(lp.NewSchema[T](lp.SchemaOptions{Measurement: measurement}))
			var want []T
			for i := range n {
				want = append(want, random(r, time.Unix(0, 1_500_000_000_000_000_000+int64(i)).UTC(), i))
			}
			ctx := context.Background()
			if err := fastclient.WriteStructs(ctx, c, schema, want); err != nil {
				t.Fatal(err)
			}
			for _, groupBy := range groups {
				q := `SELECT * FROM "` + measurement + `"` + groupBy
				got, err := fastclient.QueryInto[T](ctx, c, nil, q)
				if err != nil {
					t.Fatalf("%s: %v", q, err)
				}
				slices.SortStableFunc(got, func(a, b T) int { return cmp.Compare(a.at().UnixNano(), b.at().UnixNano()) })
				if len(got) != len(want) {
					t.Fatalf("%s: %d structs, want %d", q, len(got), len(want))
				}
				for i := range want {
					if !reflect.DeepEqual(got[i], want[i]) {
						t.Fatalf("%s: struct %d is\n%s\nwant\n%s", q, i, deep(got[i]), deep(want[i]))
					}
				}
			}
		}
		write(name, 100)
		for i := range 4 {
			write(fmt.Sprint(name, " alone ", i), 1)
		}
	}
}

// deep prints v with what its pointers point to.
func deep(v any) string {
	s, at := fmt.Sprintf("%+v", v), reflect.ValueOf(v)
	for i := range at.NumField() {
		if f := at.Field(i); f.Kind() == reflect.Pointer && !f.IsNil() {
			s += fmt.Sprintf(" %s=%+v", at.Type().Field(i).Name, f.Elem())
		}
	}
	return s
}

func fieldsOf[V any](name string) func(*testing.T, *fastclient.Client) {
	return kindCase("fields "+name, []string{"", ` GROUP BY same, to_same`, ` GROUP BY to_same, *, same`}, func(r *rand.Rand, at time.Time, seq int) kindPoint[V] {
		v := randomKind[V](r)
		p := kindPoint[V]{Time: at, Seq: seq, V: v, P: written(ref(r, randomKind[V](r)))}
		if r.IntN(2) == 0 {
			p.O = omitted(randomKind[V](r))
		}
		part := func() KindPart[V] {
			p := KindPart[V]{Other: written(ref(r, randomKind[V](r)))}
			if r.IntN(2) == 0 {
				p.Same = fmt.Sprint("t", r.IntN(3))
			}
			return p
		}
		if q := part(); q != (KindPart[V]{}) && r.IntN(2) == 0 {
			p.To = &q
		}
		if q := part(); q != (KindPart[V]{}) && r.IntN(2) == 0 {
			p.KindPart = &q
		}
		return p
	})
}

// written returns p, or nil if it points to nothing: both are left out.
func written[V any](p *V) *V {
	if p != nil && reflect.ValueOf(p).Elem().Kind() == reflect.Slice && reflect.ValueOf(p).Elem().IsNil() {
		return nil
	}
	return p
}

// omitted returns v as it is read back if it is omitted when it is empty: an empty slice is
// then nil.
func omitted[V any](v V) V {
	if at := reflect.ValueOf(&v).Elem(); at.Kind() == reflect.Slice && at.Len() == 0 {
		at.SetZero()
	}
	return v
}

func tagsOf[V any](name string, values ...V) func(*testing.T, *fastclient.Client) {
	return kindCase("tags "+name, []string{"", " GROUP BY *", " GROUP BY v"}, func(r *rand.Rand, at time.Time, seq int) kindTags[V] {
		p := kindTags[V]{Time: at, Seq: seq, P: ref(r, values[r.IntN(len(values))])}
		if r.IntN(3) > 0 {
			p.V = values[r.IntN(len(values))]
		}
		return p
	})
}

// TestKindsRoundTrip writes structs of every kind that a schema supports to real servers,
// and reads them into the same type.
func TestKindsRoundTrip(t *testing.T) {
	cases := map[string]func(*testing.T, *fastclient.Client){
		"int": fieldsOf[int]("int"), "int8": fieldsOf[int8]("int8"), "int16": fieldsOf[int16]("int16"), "int32": fieldsOf[int32]("int32"), "int64": fieldsOf[int64]("int64"),
		"uint": fieldsOf[uint]("uint"), "uint8": fieldsOf[uint8]("uint8"), "uint16": fieldsOf[uint16]("uint16"), "uint32": fieldsOf[uint32]("uint32"),
		"uint64": fieldsOf[uint64]("uint64"), "uintptr": fieldsOf[uintptr]("uintptr"), "float32": fieldsOf[float32]("float32"), "float64": fieldsOf[float64]("float64"),
		"bool": fieldsOf[bool]("bool"), "string": fieldsOf[string]("string"), "bytes": fieldsOf[[]byte]("bytes"),
		"duration": fieldsOf[time.Duration]("duration"), "text": fieldsOf[version]("text"),
		"tag int": tagsOf("int", 1, -5), "tag uint8": tagsOf[uint8]("uint8", 7, 255), "tag string": tagsOf("string", "a b", "é,="),
		"tag bytes": tagsOf("bytes", []byte("x"), []byte("y z")), "tag duration": tagsOf("duration", time.Nanosecond, -90*time.Minute), "tag text": tagsOf("text", version{1, 2}, version{3, 4}), "tag state": tagsOf[state]("state", 1, 2),
	}
	onServers(t, func(t *testing.T, s *Server, c *fastclient.Client) {
		for name, f := range cases {
			t.Run(name, func(t *testing.T) { f(t, c) })
		}
	})
}

// TestScalars reads single columns and single rows of real servers.
func TestScalars(t *testing.T) {
	onServers(t, func(t *testing.T, s *Server, c *fastclient.Client) {
		ctx := t.Context()
		if err := c.Write(ctx, []byte("m,host=a f=0.5,i=9007199254740993i,s=\"x\",b=true 1\nm,host=a f=2,i=-1i,s=\"y\",b=false 60000000001\n")); err != nil {
			t.Fatal(err)
		}
		check := func(what string, got any, err error, want any) {
			t.Helper()
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %v, %v, want %v", what, got, err, want)
			}
		}
		floats, err := fastclient.QueryInto[float64](ctx, c, nil, "SELECT f FROM m")
		check("float64", floats, err, []float64{0.5, 2})
		ints, err := fastclient.QueryInto[int64](ctx, c, nil, "SELECT i FROM m")
		check("int64", ints, err, []int64{9007199254740993, -1})
		texts, err := fastclient.QueryInto[string](ctx, c, nil, "SELECT s FROM m")
		check("string", texts, err, []string{"x", "y"})
		bools, err := fastclient.QueryInto[bool](ctx, c, nil, "SELECT b FROM m")
		check("bool", bools, err, []bool{true, false})
		keys, err := fastclient.QueryInto[string](ctx, c, nil, "SHOW TAG KEYS")
		check("tag keys", keys, err, []string{"host"})
		means, err := fastclient.QueryInto[*float64](ctx, c, nil, "SELECT mean(f) FROM m WHERE time >= 0 AND time < 3m GROUP BY time(1m)")
		if err != nil || len(means) != 3 || *means[0] != 0.5 || *means[1] != 2 || means[2] != nil {
			t.Errorf("means: %v, %v", means, err)
		}
		first, err := fastclient.QueryOne[float64](ctx, c, "SELECT first(f) FROM m")
		check("first", first, err, 0.5)
		if _, err := fastclient.QueryOne[float64](ctx, c, "SELECT f FROM m"); !errors.Is(err, fastclient.ErrTooManyRows) {
			t.Errorf("two rows: %v", err)
		}
		if _, err := fastclient.QueryOne[float64](ctx, c, "SELECT mean(f) FROM missing"); !errors.Is(err, fastclient.ErrNoRows) {
			t.Errorf("no rows: %v", err)
		}
		if _, err := fastclient.QueryInto[float64](ctx, c, nil, "SELECT i FROM m"); !errors.Is(err, jsonscan.ErrInexact) {
			t.Errorf("an integer as a float: %v", err)
		}
	})
}
