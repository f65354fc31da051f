package batch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"unicode"
	"unicode/utf8"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/internal/printable"
)

// TestErrorTexts: every text names package, operation, object and cause once, on one line,
// with the right plural and without control characters of the server.
func TestErrorTexts(t *testing.T) {
	joined := errors.Join(errGaveUp, nil, errors.New("fastclient: write: status 503: a\x1b[31mb"))
	down := []ServerFailure{{Addr: "http://a:8086", Err: errors.New("fastclient: write: refused")}}
	full := &notLogged{fmt.Errorf("%w: no numbers", spool.ErrFull)}
	for want, err := range map[string]error{
		"batch: append: 1 line refused, 0 accepted: writer is closed":                                              &AppendError{Refused: 1, Err: ErrWriterClosed},
		"batch: append: 2 lines refused, 1 accepted: given up for now; fastclient: write: status 503: a\\x1b[31mb": &AppendError{Accepted: 1, Refused: 2, Err: joined},
		"batch: batch 7: 1 line lost (line): status 400: bad\\n\\tx\\x00": &BatchError{Seq: 7, Lines: 1, Reason: ReasonLine, Status: 400,
			Message: "bad\n\tx\x00"},
		"batch: batch 7: 2 lines may be lost (uncertain) (and 1 more error)": &BatchError{Seq: 7, Lines: 2, Reason: ReasonUncertain, Others: 1},
		"batch: batch 8: 9 lines lost (age) (and 2 more errors)":             &BatchError{Seq: 8, Lines: 9, Reason: ReasonAge, Others: 2},
		"batch: flush: 1 batch is pending: context canceled":                 &PendingError{Batches: 1, Err: context.Canceled},
		"batch: flush: 2 batches are pending: context canceled; last failure of http://a:8086: fastclient: write: refused": &PendingError{
			Batches: 2, Err: context.Canceled, LastErrors: down},
		"batch: close: 1 batch of 1 line not sent: context canceled": &UnsentError{
			Batches: make([]Batch, 1), Count: Count{Lines: 1}, Err: context.Canceled},
		"batch: close: 2 batches of 5 lines not sent: given up for now; fastclient: write: status 503: a\\x1b[31mb": &UnsentError{
			Batches: make([]Batch, 2), Count: Count{Lines: 5}, Err: joined},
		"batch: lines are in memory only: spool: full: no numbers":                                      full,
		"batch: append: 0 lines refused, 1 accepted: lines are in memory only: spool: full: no numbers": &AppendError{Accepted: 1, Err: full},
		"batch: append: 2 lines refused, 1 accepted: writer has no free memory; lines are in memory only: spool: full: no numbers": &AppendError{
			Accepted: 1, Refused: 2, Err: errors.Join(ErrOverflow, full)},
		"batch: 1 line is on disk, not stored yet: /a\\x1b/b": &SpooledError{Count: Count{Lines: 1}, Dir: "/a\x1b/b"},
		"batch: 2 lines are on disk, not stored yet: d; last failure of http://a:8086: fastclient: write: refused": &SpooledError{
			Count: Count{Lines: 2}, Dir: "d", LastErrors: down},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestReasonWords: the word of a reason is the name of its constant, which tools that read
// events and dead letter files may rely on.
func TestReasonWords(t *testing.T) {
	for reason, name := range map[Reason]string{
		ReasonLine: "Line", ReasonRetention: "Retention", ReasonRequest: "Request", ReasonTooLarge: "TooLarge",
		ReasonUncertain: "Uncertain", ReasonOverflow: "Overflow", ReasonAge: "Age", ReasonUnsent: "Unsent", ReasonSpool: "Spool",
	} {
		if got := strings.ReplaceAll(reason.String(), "_", ""); got != strings.ToLower(name) {
			t.Errorf("Reason%s is %q", name, reason)
		}
	}
}

// TestOldReasonWord: a file with a word that an earlier version wrote still opens.
func TestOldReasonWord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.lp")
	old := "# 2026-01-02T03:04:05Z batch=1 lines=1 bytes=8 lost=1 loss=beyond status=400\nm v=1 1\n"
	if err := os.WriteFile(path, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	d := openDead(t, path)
	if err := d.Put(&LostLines{Data: []byte("m v=2 2\n"), Lines: 1, NotStored: 1, Reason: ReasonRetention}); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = openDead(t, path)
	got, err := os.ReadFile(path)
	if err != nil || d.Cut() != 0 || !strings.HasPrefix(string(got), old) || !strings.Contains(string(got), " loss=retention ") {
		t.Errorf("%d bytes were cut, %v:\n%s", d.Cut(), err, got)
	}
}

// TestDeadLetterErrorTexts: the errors of a dead letter file name the file once, and keep
// their causes.
func TestDeadLetterErrorTexts(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "dead.lp")
	other := filepath.Join(dir, "other")
	if err := os.WriteFile(other, []byte("m v=1 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := OpenDeadLetterFile(path, 10)
	if err != nil {
		t.Fatal(err)
	}
	l := &LostLines{Data: []byte("m v=1 1\n")}
	_, notRecords := OpenDeadLetterFile(other, 0)
	_, missing := OpenDeadLetterFile(filepath.Join(dir, "no", "dir"), 0)
	full := d.Put(l)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		err, cause error
		want       string
	}{
		{full, ErrDeadLetterFull, "batch: put " + path + ": dead letter file is full"},
		{d.Put(l), os.ErrClosed, "batch: put " + path + ": file already closed"},
		{d.Sync(), os.ErrClosed, "batch: sync " + path + ": file already closed"},
		{d.Reopen(), os.ErrClosed, "batch: reopen " + path + ": file already closed"},
		{notRecords, ErrNotDeadLetter, "batch: open " + other + ": not a dead letter file: no record at offset 0"},
		{missing, fs.ErrNotExist, "batch: open " + filepath.Join(dir, "no", "dir") + ": "},
	} {
		var pathErr *fs.PathError
		if !errors.Is(c.err, c.cause) || !errors.As(c.err, &pathErr) {
			t.Errorf("%v is not %v of a path", c.err, c.cause)
			continue
		}
		got := c.err.Error()
		if !strings.HasPrefix(got, c.want) || c.cause != fs.ErrNotExist && got != c.want || strings.Count(got, dir) != 1 {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// TestEventMessagesAreLogSafe: what a server says reaches events and error texts without
// control characters, and the errors' Message unchanged.
func TestEventMessagesAreLogSafe(t *testing.T) {
	words := "database is required \x1b[2J\r\n\x00\u0085\u2028\u202e\xff é"
	synctest.Test(t, func(t *testing.T) {
		var messages []string
		o := Options{OnEvent: func(e Event) { messages = append(messages, e.Message) }}
		w := testWriter(t, o, response(400, words))
		mustAppend(t, w, "m v=1 1\n")
		err := w.Close(context.Background())
		synctest.Wait()
		var be *BatchError
		if !errors.As(err, &be) || be.Message != words {
			t.Fatalf("Close: %v", err)
		}
		for _, text := range append(messages, be.Error()) {
			if !logSafe(text) || !strings.Contains(text, `\x1b[2J\r\n\x00\u0085\u2028\u202e\xff é`) {
				t.Errorf("%q", text)
			}
		}
		if len(messages) == 0 {
			t.Error("no event")
		}
	})
}

func logSafe(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// FuzzPrintable: the text is safe in a log, and a safe one is unchanged.
func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"", "plain", "é\n", "\xc3", "\x7f", "\u00a0", "\ufffd", "\U0010ffff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := printable.String(s)
		if !logSafe(got) {
			t.Errorf("%q became %q", s, got)
		}
		if logSafe(s) && got != s {
			t.Errorf("%q was changed to %q", s, got)
		}
		if cause := string(appendCause(nil, fmt.Errorf("x%s", s))); !logSafe(cause) {
			t.Errorf("cause %q", cause)
		}
	})
}

// TestOneErrorOfManyIsReturned: what stands for the errors that were not kept counts them.
func TestOneErrorOfManyIsReturned(t *testing.T) {
	var l errorLog
	for i := range keptErrors + 5 {
		l.keep(BatchError{Seq: uint64(i + 1), Lines: 1, Reason: ReasonLine})
	}
	errs := l.since(nil, 0, keptErrors+5)
	last := errs[len(errs)-1].(*BatchError)
	if len(errs) != keptErrors || last.Lines != 6 || last.Others != 5 {
		t.Errorf("%d errors, the last one %v", len(errs), last)
	}
}
