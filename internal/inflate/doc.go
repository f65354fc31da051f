// Package inflate decodes gzip (RFC 1952) and the deflate format within it (RFC 1951),
// faster than general decoders decode query responses.
//
// [Reader] decodes a stream, [AppendGunzip] a whole body. Both give the same bytes and
// the same verdict as compress/gzip on any input: members may follow each other,
// trailing garbage is an error, and every member's checksum and length are verified.
// The bytes come before the verdict, so treat them as tentative until AppendGunzip
// returns a nil error or Read returns io.EOF.
//
// The decoder holds up to 64 bits of input in a word, which one load of 8 bytes refills.
// A table indexed by the next 11 bits gives a literal, or a length with the number of
// its extra bits; longer codes continue in a second table. For blocks of 4 KiB and more
// it derives a table of 12 bits, whose entries hold up to three literals, or up to two
// and a length.
//
// decoder.go is a state machine over headers, blocks and trailers; run drives it.
// dynamic.go reads the code lengths of a block, and table.go builds tables from them.
// symbols.go chooses among three loops that decode a block: single.go, one symbol at a
// time; several.go, several at a time; and careful, which reads byte by byte within 22
// bytes of the end of the input at hand and checks that a bit is there before it takes
// it. reader.go and append.go hold the input and the output.
//
// These invariants hold between the parts:
//   - Between two steps, consumed input is whole bytes plus fewer than 8 bits, so any
//     loop can go on where another one stopped.
//   - A step needs at least slack bytes of room after stop. Loops may write beyond
//     what they return, and nothing there counts.
//   - A distance never reaches before the member: it is checked against base.
package inflate
