package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/pointwire/pointwire/internal/inflate"
)

// An input is a file or the standard input, decompressed.
type input struct {
	*bufio.Reader
	shown string // its name, for texts
	raw   *rawCounter
	close func()
}

// A rawCounter counts the bytes of a file, which may be compressed.
type rawCounter struct {
	ctx context.Context
	r   io.Reader
	add func(n int)
}

func (c *rawCounter) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	n, err := c.r.Read(p)
	c.add(n)
	return n, err
}

// openInput opens a file, or for - the standard input. The end of ctx ends a read that
// waits, also of a named pipe.
func openInput(ctx context.Context, stdin io.Reader, name string, add func(n int)) (*input, error) {
	in := &input{shown: printable(name), close: func() {}}
	r := stdin
	if name == "-" {
		in.shown = "standard input"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		in.close = func() { f.Close() }
		st, err := f.Stat()
		if err == nil && st.IsDir() {
			err = fmt.Errorf("%s is a directory", in.shown)
		}
		if err != nil {
			f.Close()
			return nil, err
		}
		r = f
		if st.Mode().IsRegular() {
			stdin = nil
		}
	}
	if stdin != nil { // anything but a regular file
		piped, end := pump(ctx, r)
		file := in.close
		in.close = func() { end(); file() }
		r = piped
	}
	in.raw = &rawCounter{ctx, r, add}
	plain, end, err := decompressedAny(in.raw)
	if err != nil {
		in.close()
		return nil, fmt.Errorf("%s: %w", in.shown, err)
	}
	closed := in.close
	in.close = func() { end(); closed() }
	in.Reader = bufio.NewReaderSize(plain, 64<<10)
	return in, nil
}

// maxZstdWindow is the memory that a zstd file may ask for: that of zstd --long.
const maxZstdWindow = 128 << 20

// decompressedAny is decompressed for gzip and zstd, in constant memory. end releases the
// memory.
func decompressedAny(r io.Reader) (plain io.Reader, end func(), err error) {
	b := bufio.NewReaderSize(r, 64<<10)
	for n := 1; n <= 4; n++ {
		magic, err := b.Peek(n)
		if err != nil || !magicBegins(magic) {
			return b, func() {}, nil // the first read returns the error again
		}
		if n == 3 && magic[0] == 0x1f {
			return inflate.NewReader(b), func() {}, nil
		}
	}
	z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
	if err != nil {
		return nil, nil, err
	}
	return z, z.Close, nil
}

// magicBegins reports whether a compressed file may begin so. It is asked byte by byte: a
// pipe may not have more than that for a while.
func magicBegins(b []byte) bool {
	if b[0]&0xf0 == 0x50 { // the magic of a frame that zstd skips
		return len(b) < 2 || bytes.HasPrefix([]byte{0x2a, 0x4d, 0x18}, b[1:])
	}
	return bytes.HasPrefix([]byte{0x1f, 0x8b, 8}, b) || bytes.HasPrefix([]byte{0x28, 0xb5, 0x2f, 0xfd}, b)
}

// ddl reads the beginning of a file for influx -import, up to its lines, and passes the
// comments and the statements of its section "# DDL" on, each with the number of its line.
// It returns how many lines it read, and reads none of a file without such a beginning.
func (in *input) ddl(comment func(text []byte), statement func(line int64, text string) error) (lines int64, err error) {
	within := false
	for {
		first, err := in.Peek(1)
		switch {
		case err == io.EOF && within:
			return lines, errors.New(`the section "# DDL" does not end with "# DML"`)
		case err == io.EOF:
			return lines, nil
		case err != nil:
			return lines, err
		case !within && first[0] != '#' && (lines == 0 || first[0] != '\n' && first[0] != '\r'):
			return lines, nil
		}
		text, err := in.ReadSlice('\n')
		switch {
		case err == bufio.ErrBufferFull && !within:
			for err == bufio.ErrBufferFull { // the rest of a long comment
				_, err = in.ReadSlice('\n')
			}
			text = nil
		case err == bufio.ErrBufferFull:
			return lines, fmt.Errorf(`line %d of the section "# DDL" is longer than %d bytes`, lines+1, in.Size())
		}
		if err != nil && err != io.EOF {
			return lines, err
		}
		lines++
		switch s := strings.TrimSpace(string(text)); {
		case strings.HasPrefix(s, "# DML"):
			return lines, nil
		case strings.HasPrefix(s, "# DDL"):
			within = true
		case s == "":
		case s[0] == '#':
			comment([]byte(s))
		default:
			if err := statement(lines, s); err != nil {
				return lines, err
			}
		}
	}
}
