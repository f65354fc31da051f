// Package inflate decodes gzip (RFC 1952) and the deflate format within it
// (RFC 1951), faster than general decoders do on query responses.
//
// [Reader] decodes a stream, [AppendGunzip] a whole body. Both give the same
// bytes and the same verdict as compress/gzip on any input: several members
// follow each other, trailing garbage is an error, and every member's checksum
// and length are verified. Bytes come before the verdict: treat them as
// tentative until the end, a nil error of AppendGunzip or io.EOF of Read.
//
// The decoder holds up to 64 bits of input in a word, refilled by one load of 8
// bytes. A table indexed by the next 11 bits gives a literal, or a length with the
// number of its extra bits; longer codes continue in a second table. For blocks of
// 4 KiB and more it makes a table of 12 bits from that one, whose entries hold up to
// three literals, or two and a length. Within 22 bytes of the end of the input at
// hand, a careful loop reads byte by byte and asks before it takes a bit.
package inflate
