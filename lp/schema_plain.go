package lp

import (
	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/swar"
)

// This file runs the schemas of most structs: the measurement is not in the struct, each tag
// is a string, and each field a string, a float64, an int64 or a bool that is always written.
// Their plainProgram is run by one loop over smaller ops, without the questions that the
// loops of schema_run.go and schema_field.go ask for each op.
//
// Invariant: room is reserved for the whole point, with plainText bytes for each text. So only
// a longer text needs a check, which reserves the room of all ops from there on again.
//
// Whatever a value asks for beyond that, such as escapes, a policy or a fault, is done by the
// functions of schema_run.go and schema_field.go with the op of the same number.

// A plainProgram is the program of a struct that has only plain values.
type plainProgram struct {
	measurement plainOp
	tags        []plainOp
	fields      []plainOp
	time        spot
	timed       bool // the timestamp is an int64 at time
	room        int  // for a point
}

// A plainOp writes one value after its literal.
type plainOp struct {
	words [4]uint64 // the literal: ",key=", or `,key="`
	at    spot
	room  int32 // for this op and all after it
	size  uint8 // of the literal
	kind  kind
	run   uint8 // how many fields from here on are floats, if that is worth putFloats
}

const (
	// plainLiteral is the longest literal of a plainOp.
	plainLiteral = 32
	// plainText is the longest text that needs no check of the room.
	plainText = 32
)

// plainOf returns the plainProgram for s, or nil if s has an op that is not plain.
func plainOf(s *program) *plainProgram {
	if s.name != nil || s.placeholder || len(s.escaped) > plainLiteral {
		return nil
	}
	q := &plainProgram{measurement: plainOp{size: uint8(len(s.escaped))}}
	q.measurement.words = literalWords(s.escaped)
	if o := s.time; o != nil && o.kind == kindInt64 && !o.omit && !o.pointer && !o.at.indirect() {
		q.time, q.timed = o.at.spot(), true
	}
	room := decimal.RoomInt + 2*plainLiteral
	plain := func(ops []op, is func(*op) bool) []plainOp {
		list := make([]plainOp, len(ops))
		for i := len(ops) - 1; i >= 0; i-- {
			o := &ops[i]
			if o.pointer || len(o.more.text) > plainLiteral || !is(o) {
				return nil
			}
			room += plainLiteral + max(decimal.RoomFloat, plainText+1+8)
			list[i] = plainOp{
				words: literalWords(o.more.text), at: o.at.spot(), room: int32(room), size: uint8(len(o.more.text)), kind: o.kind,
			}
		}
		return list
	}
	q.fields = plain(s.fields, func(o *op) bool {
		switch o.kind {
		case kindString, kindFloat64, kindInt64, kindBool:
			return !o.omit
		}
		return false
	})
	q.tags = plain(s.tags, func(o *op) bool { return o.kind == kindString })
	if q.fields == nil || q.tags == nil {
		return nil
	}
	q.room = room
	run := uint8(0)
	for i := len(q.fields) - 1; i >= 0; i-- {
		if run++; q.fields[i].kind != kindFloat64 || run > foundAhead {
			run = 0
			if q.fields[i].kind == kindFloat64 {
				run = 1
			}
		}
		if run >= 3 {
			q.fields[i].run = run
		}
	}
	return q
}

// literalWords returns a text of at most plainLiteral bytes as words.
func literalWords(text string) (words [4]uint64) {
	var b [plainLiteral]byte
	copy(b[:], text)
	for i := range words {
		words[i] = swar.Load64(b[:], 8*i)
	}
	return words
}

// put writes the literal of o to b from n on and returns its end.
func (o *plainOp) put(b []byte, n int) int {
	swar.Store64(b, n, o.words[0])
	swar.Store64(b, n+8, o.words[1])
	if o.size > 16 {
		swar.Store64(b, n+16, o.words[2])
		swar.Store64(b, n+24, o.words[3])
	}
	return n + int(o.size)
}

// appendPlain is append for a program with a plainProgram, and without an overlay.
func (c *cursor) appendPlain(dst []byte, p base, s *program) []byte {
	q := s.plain
	b := grow(dst, q.room)
	n := q.measurement.put(b, len(dst))
	for i := range q.tags {
		o := &q.tags[i]
		v := loadString(o.at.here(p))
		end := o.put(b, n)
		if uint(len(v)-1) < 8 {
			w := swar.Head(v)
			swar.Store64(b, end, w)
			if unclean(w|swar.Ones*'a'<<(8*uint(len(v)))) == 0 {
				n = end + len(v)
				continue
			}
		} else if v == "" {
			c.f.empty++
			continue
		} else {
			if len(v) > plainText {
				b = growAt(b, end, len(v)+int(o.room))
			}
			if putName(b, end, v) {
				n = end + len(v)
				continue
			}
		}
		if b, n = c.putTagText(&s.tags[i], b, n, v); n < 0 {
			return c.fail(dst, p)
		}
		b = growAt(b, n, int(o.room))
	}
	space := n
	for i := 0; i < len(q.fields); i++ {
		o := &q.fields[i]
		if o.run != 0 {
			run := int(o.run)
			if n = c.putFloats(q.fields[i:i+run], s.fields[i:], b, n, p); n < 0 {
				return c.fail(dst, p)
			}
			i += run - 1
			continue
		}
		at := o.at.here(p)
		end := o.put(b, n)
		switch o.kind {
		case kindFloat64:
			v := loadFloat64(at)
			if v-v != 0 {
				if !c.notFinite(&s.fields[i]) {
					return c.fail(dst, p)
				}
				continue
			}
			n = decimal.PutFloat64(b, end, v)
		case kindInt64:
			n = decimal.PutInt64(b, end, loadInt64(at))
			swar.StoreByte(b, n, 'i')
			n++
		case kindString:
			v := loadString(at)
			if len(v) <= longText {
				if len(v) > plainText {
					b = growAt(b, end, len(v)+int(o.room))
				}
				if putText(b, end, v) && !c.opt.RefuseNewline {
					n = end + len(v)
					swar.StoreByte(b, n, '"')
					n++
					continue
				}
			}
			if b, n = c.putString(&s.fields[i], b, n, v); n < 0 {
				return c.fail(dst, p)
			}
			b = growAt(b, n, int(o.room))
		default:
			w, size := uint64('f'|'a'<<8|'l'<<16|'s'<<24|'e'<<32), 5
			if loadBool(at) {
				w, size = 't'|'r'<<8|'u'<<16|'e'<<24, 4
			}
			swar.Store64(b, end, w)
			n = end + size
		}
	}
	if n == space {
		c.refuse(PartLine, "", ErrNoFields, nil)
		return c.fail(dst, p)
	}
	// Every field begins with a comma: the first becomes the space.
	swar.StoreByte(b, space, ' ')
	if q.timed && c.opt.Precision == Nanosecond {
		ts := loadInt64(q.time.here(p))
		if !decimal.InRange(ts, Nanosecond) {
			c.refuse(PartTimestamp, "", ErrTimeRange, nil)
			return c.fail(dst, p)
		}
		swar.StoreByte(b, n, ' ')
		if c.times != nil {
			n = c.times.Put(b, n+1, ts)
		} else {
			n = decimal.PutTimestamp(b, n+1, ts)
		}
	} else if s.time != nil {
		if n = c.putTime(b, n, p); n < 0 {
			return c.fail(dst, p)
		}
	}
	swar.StoreByte(b, n, '\n')
	return b[:n+1]
}

// putFloats writes floats that follow each other, at most foundAhead, with the digits of all
// found before the first is written, see [decimal.Found]. more are the ops of the same numbers.
func (c *cursor) putFloats(ops []plainOp, more []op, b []byte, n int, p base) int {
	var found [foundAhead]decimal.Found
	for i := range ops {
		found[i].Find(loadFloat64(ops[i].at.here(p)))
	}
	for i := range ops {
		f := &found[i]
		if !f.Finite() {
			if !c.notFinite(&more[i]) {
				return -1
			}
			continue
		}
		n = f.Put(b, ops[i].put(b, n))
	}
	return n
}
