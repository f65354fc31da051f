package main

import (
	"bytes"
	"fmt"

	flatbuffers "github.com/google/flatbuffers/go"
)

// These numbers are from flux's schema semantic.fbs. Variables below are named like the
// tables of the schema. A field has a number, counted from 0 in the order of the schema. A
// union is two fields: its type and its value.
const (
	typeInt              = 1
	monoTypeBasic        = 1
	monoTypeRecord       = 4
	monoTypeFun          = 5
	recordLabelConcrete  = 1
	statementBuiltin     = 2
	offsetSize           = flatbuffers.SizeUOffsetT
	positionSize         = 8 // two int32
	positionAlignment    = 4
	initialBuilderMemory = 1 << 16
)

// A field is a member of a table: its number, then either a reference or a byte.
type field struct {
	number int
	ref    flatbuffers.UOffsetT
	byte   byte
}

func ref(number int, to flatbuffers.UOffsetT) field { return field{number: number, ref: to} }
func one(number int, value byte) field              { return field{number: number, byte: value} }

// table writes a table and returns its position.
func table(b *flatbuffers.Builder, fields ...field) flatbuffers.UOffsetT {
	size := 0
	for _, f := range fields {
		size = max(size, f.number+1)
	}
	b.StartObject(size)
	for _, f := range fields {
		if f.ref != 0 {
			b.PrependUOffsetTSlot(f.number, f.ref, 0)
		} else {
			b.PrependByteSlot(f.number, f.byte, 0)
		}
	}
	return b.EndObject()
}

// vector writes a vector of references and returns its position.
func vector(b *flatbuffers.Builder, refs ...flatbuffers.UOffsetT) flatbuffers.UOffsetT {
	b.StartVector(offsetSize, len(refs), offsetSize)
	for i := len(refs) - 1; i >= 0; i-- {
		b.PrependUOffsetT(refs[i])
	}
	return b.EndVector(len(refs))
}

// environment returns a TypeEnvironment that gives every builtin the type of a function
// without arguments that returns an integer. Only package initialisers of the server read
// these types, since there is no Flux.
func environment(list []fluxPackage) []byte {
	b := flatbuffers.NewBuilder(initialBuilderMemory)
	basic := table(b, one(0, typeInt))
	fun := table(b, ref(0, vector(b)), one(1, monoTypeBasic), ref(2, basic))
	var assignments []flatbuffers.UOffsetT
	for _, p := range list {
		var props []flatbuffers.UOffsetT
		for _, name := range p.builtins {
			concrete := table(b, ref(0, b.CreateString(name)))
			props = append(props, table(b, one(0, recordLabelConcrete), ref(1, concrete), one(2, monoTypeFun), ref(3, fun)))
		}
		record := table(b, ref(0, vector(b, props...)))
		polyType := table(b, one(2, monoTypeRecord), ref(3, record))
		assignments = append(assignments, table(b, ref(0, b.CreateString(p.path)), ref(1, polyType)))
	}
	b.Finish(table(b, ref(0, vector(b, assignments...))))
	return b.FinishedBytes()
}

// packages returns a PackageList in which every package has one file of builtin statements.
// The server compares these names with those that its Go code registered, and does not
// start if they differ.
func packages(list []fluxPackage) []byte {
	b := flatbuffers.NewBuilder(initialBuilderMemory)
	identifier := func(name string) flatbuffers.UOffsetT { return table(b, ref(1, b.CreateString(name))) }
	var all []flatbuffers.UOffsetT
	for _, p := range list {
		var body []flatbuffers.UOffsetT
		for _, name := range p.builtins {
			builtin := table(b, ref(1, identifier(name)))
			body = append(body, table(b, one(0, statementBuiltin), ref(1, builtin)))
		}
		clause := table(b, ref(1, identifier(p.path)))
		file := table(b, ref(0, location(b, p.path+"/builtins.flux")), ref(1, clause), ref(3, vector(b, body...)))
		all = append(all, table(b, ref(1, b.CreateString(p.path)), ref(2, vector(b, file))))
	}
	b.Finish(table(b, ref(0, vector(b, all...))))
	return b.FinishedBytes()
}

// location writes a SourceLocation. The server takes the path of the package from
// the file's name, and expects both positions.
func location(b *flatbuffers.Builder, file string) flatbuffers.UOffsetT {
	name := b.CreateString(file)
	b.StartObject(3)
	b.PrependUOffsetTSlot(0, name, 0)
	for number := 1; number <= 2; number++ { // structs are stored in the table itself
		b.Prep(positionAlignment, positionSize)
		b.PrependInt32(0)
		b.PrependInt32(0)
		b.PrependStructSlot(number, b.Offset(), 0)
	}
	return b.EndObject()
}

// header returns the C header that holds both tables.
func header(list []fluxPackage) []byte {
	var h bytes.Buffer
	for _, t := range []struct {
		name string
		data []byte
	}{{"environment", environment(list)}, {"packages", packages(list)}} {
		fmt.Fprintf(&h, "static const unsigned char %s[] = {", t.name)
		for i, c := range t.data {
			if i%32 == 0 {
				h.WriteByte('\n')
			}
			fmt.Fprintf(&h, "%d,", c)
		}
		h.WriteString("\n};\n")
	}
	return h.Bytes()
}
