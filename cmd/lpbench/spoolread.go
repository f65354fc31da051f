package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/klauspost/compress/zstd"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/internal/inflate"
	"github.com/pointwire/pointwire/lp"
)

// A walk goes through the batches of a spool, the oldest first. It keeps the leases, so that
// each batch comes once; Close of the spool gives them back.
type walk struct {
	s       *spool.Spool
	b       spool.Batch
	damaged int64 // batches that could be read when the spool was opened, and not now
}

// next reads the next batch into w.b, and reports false if there is none.
func (w *walk) next(ctx context.Context) (bool, error) {
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		ok, err := w.s.TryNext(&w.b, spool.Oldest)
		if !errors.Is(err, spool.ErrDamaged) {
			return ok, err
		}
		w.damaged++
	}
}

// maxLinesBytes bounds the memory that a damaged or hostile body can take.
const maxLinesBytes = 1 << 30

// A decompressor gives the lines of batches. It reuses its memory.
type decompressor struct {
	buf []byte
	z   *zstd.Decoder
}

// lines returns the lines of b, which are valid until the next call.
func (d *decompressor) lines(b *spool.Batch) (lines []byte, err error) {
	switch b.Encoding {
	case spool.Plain:
		return b.Body, nil
	case spool.Gzip:
		d.buf, err = inflate.AppendGunzip(d.buf[:0], b.Body, maxLinesBytes)
	case spool.Zstd:
		if d.z == nil {
			if d.z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxLinesBytes)); err != nil {
				return nil, err
			}
		}
		d.buf, err = d.z.DecodeAll(b.Body, d.buf[:0])
	default:
		return nil, fmt.Errorf("encoding %d is unknown", b.Encoding)
	}
	return d.buf, err
}

// verifySpool reads every batch and checks its lines.
func verifySpool(ctx context.Context, j *spoolJob) error {
	v := verifier{job: j, walk: walk{s: j.s}, left: j.most, out: bufio.NewWriter(j.out)}
	err := v.all(ctx)
	if hidden := v.faults - int64(j.most-v.left); hidden > 0 {
		fmt.Fprintf(v.out, "%s more faults are not shown; -max sets how many are\n", term.Number(hidden))
	}
	if err := errors.Join(err, v.out.Flush()); err != nil {
		return err
	}
	bad := j.condition(v.walk.damaged)
	fmt.Fprintf(j.out, "%v checked\n", &v.seen)
	if v.badBatches > 0 {
		bad = errors.Join(bad, fmt.Errorf("%s of %s batches have a fault", term.Number(v.badBatches), term.Number(v.seen.batches)))
	}
	return bad
}

// A verifier checks batches one after another.
type verifier struct {
	job        *spoolJob
	walk       walk
	text       decompressor
	lint       lp.Decoder
	out        *bufio.Writer
	left       int // faults that may still be printed
	faults     int64
	badBatches int64
	seen       holding
}

func (v *verifier) all(ctx context.Context) error {
	bar := v.job.progress.Start("verifying", int(v.job.s.Stats().Waiting.Batches))
	defer bar.End()
	for {
		ok, err := v.walk.next(ctx)
		if !ok || err != nil {
			return err
		}
		v.seen.add(&v.walk.b)
		before := v.faults
		v.batch(&v.walk.b)
		if v.faults > before {
			v.badBatches++
		}
		bar.Add(1)
	}
}

// fault counts a fault of a batch and prints it.
func (v *verifier) fault(b *spool.Batch, format string, args ...any) {
	v.faults++
	if v.left > 0 {
		v.left--
		fmt.Fprintf(v.out, "batch %d for %s: %s\n", b.Seq, targetName(string(b.Target)), fmt.Sprintf(format, args...))
	}
}

func (v *verifier) batch(b *spool.Batch) {
	lines, err := v.text.lines(b)
	if err != nil {
		v.fault(b, "cannot be decompressed: %s", printable(err.Error()))
		return
	}
	// Without a target that says so, any timestamp is in range.
	options := lp.DecoderOptions{}
	if t, err := parseTarget(b.Target); err == nil {
		options.Precision = t.precision
	}
	v.lint.SetOptions(options)
	v.lint.Reset(lines)
	n := 0
	for {
		_, err := v.lint.Next()
		var bad *lp.SyntaxError
		if errors.As(err, &bad) {
			v.fault(b, "line %d, offset %d: %v: %s", bad.Line, bad.Offset, bad.Rule, strconv.QuoteToASCII(bad.Excerpt))
		} else if err == io.EOF {
			break
		} else if err != nil {
			v.fault(b, "%s", printable(err.Error()))
			break
		}
		n++
	}
	if n != b.Lines {
		v.fault(b, "%s, but its header says %s", counted(int64(n), "line", "lines"), term.Number(int64(b.Lines)))
	}
	if b.Bytes != 0 && b.Bytes != len(lines) {
		v.fault(b, "%s bytes of lines, but its header says %s", term.Number(int64(len(lines))), term.Number(int64(b.Bytes)))
	}
}

// extractSpool writes the lines of batches.
func extractSpool(ctx context.Context, j *spoolJob) (err error) {
	var to io.Writer = j.out
	if j.file != "" {
		f, err := os.OpenFile(j.file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		// The batches may be dropped next, so the lines must survive a crash.
		defer func() { err = errors.Join(err, f.Sync(), f.Close()) }()
		to = f
	}
	x := extractor{out: bufio.NewWriterSize(to, 1<<20), walk: walk{s: j.s}}
	failed := x.all(ctx, j.target)
	failed = errors.Join(failed, x.out.Flush())
	fmt.Fprintf(j.progress.Writer(), "%v extracted\n", &x.done)
	if x.walk.damaged > 0 {
		failed = errors.Join(failed, errDamage)
	}
	return failed
}

type extractor struct {
	walk walk
	text decompressor
	out  *bufio.Writer
	last string // target of the lines before
	done holding
}

// all writes the batches of a target, or all if it is empty. It goes on after a batch that
// cannot be decompressed.
func (x *extractor) all(ctx context.Context, target string) (failed error) {
	for {
		ok, err := x.walk.next(ctx)
		if !ok || err != nil {
			return errors.Join(failed, err)
		}
		b := &x.walk.b
		name := targetName(string(b.Target))
		if target != "" && target != name {
			continue
		}
		lines, err := x.text.lines(b)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("batch %d for %s cannot be decompressed: %w", b.Seq, name, err))
			continue
		}
		if x.done.batches == 0 || x.last != name {
			fmt.Fprintf(x.out, "# target: %s\n", name)
			x.last = name
		}
		x.done.add(b)
		x.out.Write(lines)
		if len(lines) > 0 && lines[len(lines)-1] != '\n' {
			x.out.WriteByte('\n')
		}
		if err := x.out.Flush(); err != nil {
			return errors.Join(failed, err)
		}
	}
}
