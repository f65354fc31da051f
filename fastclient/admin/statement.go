package admin

import (
	"context"
	"errors"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/influxql"
	"github.com/pointwire/pointwire/jsonscan"
)

// A statement is InfluxQL under construction. The first name or text that has
// no form in InfluxQL makes it fail.
type statement struct {
	b   []byte
	err error
}

func newStatement(words string) *statement { return &statement{b: []byte(words)} }

// words appends keywords.
func (s *statement) words(w string) *statement {
	s.b = append(s.b, w...)
	return s
}

// name appends a quoted identifier. what names it in the error.
func (s *statement) name(what, name string) *statement {
	if s.check(what, name); name == "" {
		s.refuse(what, "is empty")
	}
	s.b = influxql.AppendIdent(s.b, name)
	return s
}

// text appends a quoted string.
func (s *statement) text(what, text string) *statement {
	s.check(what, text)
	s.b = influxql.AppendText(s.b, text)
	return s
}

// clause appends words and a name unless the name is empty.
func (s *statement) clause(words, what, name string) *statement {
	if name != "" {
		s.words(words).name(what, name)
	}
	return s
}

func (s *statement) check(what, text string) {
	if !influxql.Quotable(text) {
		s.refuse(what, "holds bytes that InfluxQL cannot quote")
	}
}

// refuse makes the statement fail, unless it does already.
func (s *statement) refuse(what, reason string) {
	if s.err == nil {
		s.err = &fastclient.OptionError{Field: what, Reason: reason}
	}
}

// exec runs a statement whose rows are of no interest.
func exec(ctx context.Context, c *fastclient.Client, s *statement, opts ...fastclient.QueryOption) error {
	if s.err != nil {
		return s.err
	}
	return c.Exec(ctx, string(s.b), opts...)
}

// each runs a statement whose response is bounded, and calls f for every row. The first
// error ends it.
func each(ctx context.Context, c *fastclient.Client, s *statement, opts []fastclient.QueryOption, f func(*jsonscan.Row) error) error {
	if s.err != nil {
		return s.err
	}
	res, err := c.Query(ctx, string(s.b), append([]fastclient.QueryOption{fastclient.Whole()}, opts...)...)
	if err != nil {
		return err
	}
	for row, err := range res.Rows() {
		if errors.Is(err, jsonscan.ErrNoResults) {
			return fastclient.ErrNoResult
		}
		if err == nil {
			err = f(row)
		}
		if err != nil {
			return err
		}
	}
	if res.Scanner().Statements() == 0 {
		return fastclient.ErrNoResult
	}
	return nil
}
