package jsonscan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// sameResponse reads a MessagePack response and the JSON response to the same query, and
// returns the first difference. It allows those that the forms cannot avoid: a whole float
// is an integer in JSON, and the number of a failed statement is that of its place.
func sameResponse(p, j *Scanner) error {
	for n := 0; ; n++ {
		part, want := p.NextPart(), j.NextPart()
		if part != want {
			return fmt.Errorf("part %d is %v (%v), in JSON %v (%v)", n, part, p.Err(), want, j.Err())
		}
		if part == PartNone && j.Err() == nil && p.Err() == nil {
			break
		}
		if part == PartNone {
			if err := sameError(p.Err(), j.Err()); err != nil {
				return err
			}
			if !Recoverable(p.Err()) {
				break
			}
			continue
		}
		if p.Statements() != j.Statements() {
			return fmt.Errorf("part %d is of statement %d, in JSON %d", n, p.Statements(), j.Statements())
		}
		if part == PartResult {
			continue
		}
		if a, b := *p.Row().Series(), *j.Row().Series(); !reflect.DeepEqual(a, b) {
			return fmt.Errorf("part %d is of series %+v, in JSON %+v", n, a, b)
		}
		if err := sameRow(p.Row(), j.Row()); err != nil {
			return fmt.Errorf("part %d: %w", n, err)
		}
	}
	if a, b := fmt.Sprint(p.Messages()), fmt.Sprint(j.Messages()); a != b {
		return fmt.Errorf("messages %s, in JSON %s", a, b)
	}
	if p.Documents() != j.Documents() {
		return fmt.Errorf("%d documents, in JSON %d", p.Documents(), j.Documents())
	}
	return nil
}

// sameError compares errors of a server, and the types of others.
func sameError(p, j error) error {
	var a, b *StatementError
	if errors.As(p, &a) && errors.As(j, &b) && a.Index == b.Index && a.Message == b.Message {
		return nil
	}
	var c, d *ResponseError
	if errors.As(p, &c) && errors.As(j, &d) && c.Message == d.Message && c.Code == d.Code {
		return nil
	}
	if a == nil && c == nil && reflect.TypeOf(p) == reflect.TypeOf(j) && errors.Is(p, ErrNoResults) == errors.Is(j, ErrNoResults) {
		return nil
	}
	return fmt.Errorf("error %v, in JSON %v", p, j)
}

// sameRow compares all getters of two rows, and the text of the cells.
func sameRow(p, j *Row) error {
	if p.Len() != j.Len() {
		return fmt.Errorf("%d cells, in JSON %d", p.Len(), j.Len())
	}
	for i := range p.Len() {
		a, b := p.Kind(i), j.Kind(i)
		whole := a == KindFloat && (b == KindInt || b == KindUint)
		if a != b && !whole {
			return fmt.Errorf("cell %d is of kind %v, in JSON %v", i, a, b)
		}
		for _, get := range []func(r *Row, i int) (any, error){
			func(r *Row, i int) (any, error) { return r.Float(i) },
			func(r *Row, i int) (any, error) { return r.Bool(i) },
			func(r *Row, i int) (any, error) { return r.String(i) },
			func(r *Row, i int) (any, error) { v, err := r.AppendString([]byte("x"), i); return string(v), err },
			func(r *Row, i int) (any, error) { return r.Timestamp(i) },
			func(r *Row, i int) (any, error) { return r.Time(i) },
			func(r *Row, i int) (any, error) { return r.Int(i) },
			func(r *Row, i int) (any, error) { return r.Uint(i) },
		} {
			v, err := get(p, i)
			w, want := get(j, i)
			if v != w || !sameCause(err, want) {
				if f, _ := p.Float(i); whole && beyond53(int64(f)) && err == nil {
					continue // the integer is the text of the float, not its value
				}
				return fmt.Errorf("cell %d, of kind %v, is %v (%v), in JSON %v (%v)", i, a, v, err, w, want)
			}
		}
		if !sameJSON(p.Raw(i), j.Raw(i)) {
			return fmt.Errorf("cell %d is %s, in JSON %s", i, p.Raw(i), j.Raw(i))
		}
	}
	if !json.Valid(p.AppendJSON(nil)) {
		return fmt.Errorf("row prints as %s", p.AppendJSON(nil))
	}
	return nil
}

// sameCause reports whether two getters failed alike.
func sameCause(a, b error) bool {
	if a == nil || b == nil {
		return a == b
	}
	return errors.Unwrap(a) == errors.Unwrap(b)
}

// sameJSON compares the texts of cells. Servers that are built with a newer Go print \b and
// \f where older ones print \u0008 and \u000c, and they escape the U+FFFD of a bad byte.
func sameJSON(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	b = bytes.ReplaceAll(bytes.ReplaceAll(b, []byte(`\b`), []byte(`\u0008`)), []byte(`\f`), []byte(`\u000c`))
	return bytes.Equal(a, bytes.ReplaceAll(b, []byte(`\ufffd`), []byte("\ufffd")))
}
