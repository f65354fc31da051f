// Package deflate compresses line protocol to gzip (RFC 1951 and RFC 1952), several
// times as fast as a general encoder at its fastest level and to about the same size.
//
// It is fast because it knows its input. A line resembles the line before it, field for
// field, so two positions that walk from delimiter to delimiter side by side find most
// matches without a hash table. The bytes between matches are mostly digits, and their
// codes are written in pairs. Huffman codes hardly change from batch to batch, so they
// are kept, together with their encoded headers.
//
// Any bytes may be compressed. Binary data and scripts beyond ASCII take a general
// matcher, and chunks that do not get smaller are stored.
//
// A body passes through the files in this order. encoder.go splits it into chunks of
// 30 KiB. match.go turns a chunk into sequences: a number of literals, then a match.
// code.go decides whether the last code still suits the chunk, or builds another, with
// huffman.go for the lengths and header.go for the head of a block. emit.go writes the
// sequences with that code. blocks.go begins and ends blocks: chunks with the same code
// make up one. stream.go holds the bits.
//
// These invariants hold between the parts:
//   - The sequences of a chunk cover it exactly. A match reaches back at most 32 KiB
//     and never before the body; it may begin in an earlier chunk's bytes.
//   - Every load of 8 bytes lies within the body: no match begins in its last bytes.
//   - A chunk never takes more than a stored block would: emit stops at a limit, and
//     the Encoder stores the chunk instead.
//   - Memory is bounded by EncoderSize, and only dst grows.
package deflate
