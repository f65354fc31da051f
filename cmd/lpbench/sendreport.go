package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/fastclient/batch"
)

// show updates the progress.
func (j *sendJob) show(st *batch.Stats) {
	note := fmt.Sprintf("%s lines, %s lines/s", term.Number(j.read.Load()), term.Number(j.perSecond(j.read.Load())))
	if n := st.Spooled.Lines; n > 0 {
		note += fmt.Sprintf(", %s on disk", term.Number(int64(n)))
	}
	if st.Down {
		note += fmt.Sprintf(", the server is down for now, %s waiting", term.Number(int64(st.Pending.Lines)))
	}
	j.bar.Note(note)
	j.bar.Set(int(j.bytesIn.Load() / progressUnit))
}

// remark prints a line beside the progress.
func (j *sendJob) remark(text string) {
	if j.errors == nil {
		j.bar.Print("lpbench: " + text)
		return
	}
	j.says.Lock()
	defer j.says.Unlock()
	fmt.Fprintln(j.errors, "lpbench:", text)
}

func (j *sendJob) perSecond(lines int64) int64 {
	return int64(float64(lines) / max(1e-3, time.Since(j.began).Seconds()))
}

// errSendAccount is the end of a send that lost count.
var errSendAccount = errors.New("the lines that were read are not those that were stored, refused, kept and left")

// report prints the account and returns what went wrong, if anything did.
func (j *sendJob) report(failed error) error {
	dead, deadErr := j.dead.counts()
	gone := j.lost.minus(dead)
	read, left := uint64(j.read.Load()), j.spooled+gone.unsent
	refused := gone.invalid + gone.rejected + gone.dropped
	t := term.Table{Head: []string{"", "lines"}, Colour: j.c.colour}
	row := func(name string, n uint64) { t.Add(name, term.Number(int64(n))) }
	row("read", read)
	if j.found > 0 {
		row("found in the spool", j.found)
	}
	row("stored", j.stored)
	row("refused", refused)
	if gone.uncertain > 0 {
		row("uncertain", gone.uncertain)
	}
	row("dead", dead.sum())
	row("left", left)
	if n := j.faults - j.shown; n > 0 {
		fmt.Fprintf(j.c.out, "%s more faults are not shown; -max sets how many are\n", term.Number(int64(n)))
	}
	for _, text := range j.said {
		fmt.Fprintln(j.c.out, text)
	}
	err := t.Write(j.c.out)
	seconds := max(1e-3, time.Since(j.began).Seconds())
	fmt.Fprintf(j.c.out, "\n%s lines/s, %s MB/s of lines; %s requests, %s MB on the wire\n", term.Number(j.perSecond(int64(j.stored))),
		term.Figure(float64(j.raw)/1e6/seconds), term.Number(int64(j.requests)), term.Figure(float64(j.wire)/1e6))
	if j.statements > 0 {
		fmt.Fprintf(j.c.out, "%s of sections # DDL not run; -ddl runs them\n", counted(int64(j.statements), "statement", "statements"))
	}
	if read+j.found != j.stored+refused+gone.uncertain+dead.sum()+left {
		err = errors.Join(err, errSendAccount)
	}
	if deadErr != nil {
		err = errors.Join(err, deadErr)
	}
	if n := j.spooled - min(j.elsewhere, j.spooled); n > 0 {
		err = errors.Join(err, fmt.Errorf("%s left in the spool; the next run with it sends them, or lpbench replay", counted(int64(n), "line", "lines")))
	}
	if j.elsewhere > 0 {
		err = errors.Join(err, fmt.Errorf("%s left in the spool for another database; lpbench replay sends them", counted(int64(j.elsewhere), "line", "lines")))
	}
	if gone.unsent > 0 {
		err = errors.Join(err, fmt.Errorf("%s not sent and not kept", counted(int64(gone.unsent), "line", "lines")))
	}
	if dead.unsent > 0 {
		err = errors.Join(err, fmt.Errorf("%s not sent, kept in %s", counted(int64(dead.unsent), "line", "lines"), printable(j.o.dead)))
	}
	if err := errors.Join(failed, err); err != nil {
		return failure(err)
	}
	if err := j.refusals(refused+gone.uncertain, dead.sum()); err != nil || j.refusedDDL == 0 {
		return err
	}
	return fmt.Errorf("%s of sections # DDL refused; all lines are stored", counted(int64(j.refusedDDL), "statement", "statements"))
}

// refusals is the error of lines that are not stored, or may not be.
func (j *sendJob) refusals(gone, kept uint64) error {
	switch {
	case kept > 0 && gone > 0:
		return fmt.Errorf("%s refused; %s of them kept in %s", counted(int64(gone+kept), "line", "lines"), term.Number(int64(kept)), printable(j.o.dead))
	case kept > 0:
		return fmt.Errorf("%s refused, kept in %s", counted(int64(kept), "line", "lines"), printable(j.o.dead))
	case gone > 0:
		return fmt.Errorf("%s refused", counted(int64(gone), "line", "lines"))
	}
	return nil
}
