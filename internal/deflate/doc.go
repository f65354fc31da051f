// Package deflate compresses line protocol to gzip several times as fast as a
// general encoder at its fastest level, and to about the same size.
//
// What makes it fast is what it knows of its input. A line resembles the line
// before it, field for field, so that two positions that walk from delimiter to
// delimiter side by side find most matches without a hash table. What remains
// are digits, whose codes are written in pairs. Huffman codes hardly change from
// batch to batch, so they are kept together with their encoded headers.
//
// Any bytes may be compressed. Text of other kinds and binary data take a general
// matcher; what does not get smaller is stored.
//
// The format is that of RFC 1951 and RFC 1952; the algorithm is described where it
// is implemented: match.go, code.go and emit.go.
package deflate
