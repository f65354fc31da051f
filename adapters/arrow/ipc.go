package pwarrow

import (
	"fmt"
	"io"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pointwire/pointwire/frame"
)

// WriteStream writes frames to w as an IPC stream, a batch for each. If schema is nil, it
// is that of the first frame; [Schema] makes one for frames whose columns differ. It stops
// at the first error, of frames too, and leaves w without the end of the stream.
//
// Frames that a frame.Reader hands out one after the other may be passed: nothing of a frame
// is used after the next one.
func WriteStream(w io.Writer, schema *arrow.Schema, frames iter.Seq2[*frame.Frame, error], o ...ipc.Option) error {
	return writeAll(frames, &sink{schema: schema, schemaOf: Schema, open: func(s *arrow.Schema) (writer, error) {
		return ipc.NewWriter(w, append(o[:len(o):len(o)], ipc.WithSchema(s))...), nil
	}})
}

// WriteFile is [WriteStream] for an IPC file, the format that is also called Feather. A file
// has one dictionary for each column, and the frames of a response have different ones, so
// a schema that is nil becomes that of the first frame with texts in place of dictionaries.
func WriteFile(w io.Writer, schema *arrow.Schema, frames iter.Seq2[*frame.Frame, error], o ...ipc.Option) error {
	return writeAll(frames, &sink{schema: schema, schemaOf: plainSchema, open: func(s *arrow.Schema) (writer, error) {
		return ipc.NewFileWriter(w, append(o[:len(o):len(o)], ipc.WithSchema(s))...)
	}})
}

// plainSchema is Schema with texts in place of dictionaries.
func plainSchema(frames ...*frame.Frame) (*arrow.Schema, error) {
	s, err := Schema(frames...)
	if err != nil {
		return nil, err
	}
	return withoutDictionaries(s), nil
}

// A writer writes record batches.
type writer interface {
	Write(arrow.RecordBatch) error
	Close() error
}

// A sink writes frames in one schema, which may come from the first of them.
type sink struct {
	schema   *arrow.Schema
	schemaOf func(...*frame.Frame) (*arrow.Schema, error)
	open     func(*arrow.Schema) (writer, error)
	w        writer // nil before the first frame
}

func writeAll(frames iter.Seq2[*frame.Frame, error], s *sink) error {
	for f, err := range frames {
		if err == nil {
			err = s.write(f)
		}
		if err != nil {
			return err
		}
	}
	return s.close()
}

// write writes one frame. A writer keeps the last dictionaries, to see whether the next ones
// differ, so they need memory that the next frame does not use.
func (s *sink) write(f *frame.Frame) (err error) {
	if s.schema == nil {
		if s.schema, err = s.schemaOf(f); err != nil {
			return err
		}
	}
	if err := s.start(); err != nil {
		return err
	}
	r, err := RecordAs(ownDictionaries(f), s.schema)
	if err != nil {
		return err
	}
	defer r.Release()
	if err := s.w.Write(r); err != nil {
		return fmt.Errorf("pwarrow: %w", err)
	}
	return nil
}

// start opens the writer, once.
func (s *sink) start() (err error) {
	if s.w != nil {
		return nil
	}
	if s.w, err = s.open(s.schema); err != nil {
		return fmt.Errorf("pwarrow: %w", err)
	}
	return nil
}

// close ends the stream, which without frames has a schema alone.
func (s *sink) close() error {
	if s.schema == nil {
		return ErrNoFrames
	}
	if err := s.start(); err != nil {
		return err
	}
	if err := s.w.Close(); err != nil {
		return fmt.Errorf("pwarrow: %w", err)
	}
	return nil
}

// ReadStream returns the batches of an IPC stream as frames. The values of each are checked,
// so damaged ones are an error and no panic. The metadata between them is not: the library
// trusts it, and may run out of memory if it is damaged, so do not read streams of unknown
// origin. A frame is the caller's for good. The error is the last pair.
func ReadStream(r io.Reader, o ...ipc.Option) iter.Seq2[*frame.Frame, error] {
	return func(yield func(*frame.Frame, error) bool) {
		in, err := ipc.NewReader(r, owned(o)...)
		if err != nil {
			yield(nil, fmt.Errorf("pwarrow: %w", err))
			return
		}
		defer in.Release()
		for in.Next() {
			f, err := checked(in.RecordBatch())
			if !yield(f, err) || err != nil {
				return
			}
		}
		if err := in.Err(); err != nil {
			yield(nil, fmt.Errorf("pwarrow: %w", err))
		}
	}
}

// ReadFile is [ReadStream] for an IPC file.
func ReadFile(r ipc.ReadAtSeeker, o ...ipc.Option) iter.Seq2[*frame.Frame, error] {
	return func(yield func(*frame.Frame, error) bool) {
		in, err := ipc.NewFileReader(r, owned(o)...)
		if err != nil {
			yield(nil, fmt.Errorf("pwarrow: %w", err))
			return
		}
		defer in.Close()
		for i := range in.NumRecords() {
			batch, err := in.RecordBatchAt(i)
			if err != nil {
				yield(nil, fmt.Errorf("pwarrow: batch %d: %w", i, err))
				return
			}
			f, err := checked(batch)
			batch.Release()
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}

// owned returns options with memory that is Go's, so that a frame outlives its record.
func owned(o []ipc.Option) []ipc.Option {
	return append(o[:len(o):len(o)], ipc.WithAllocator(memory.NewGoAllocator()))
}

// checked returns a record of unknown origin as a frame. Frame checks all memory that it
// shares; a panic comes from an array that it copies.
func checked(r arrow.RecordBatch) (f *frame.Frame, err error) {
	defer func() {
		if p := recover(); p != nil {
			f, err = nil, fmt.Errorf("pwarrow: %w: %v", frame.ErrLayout, p)
		}
	}()
	return Frame(r)
}
