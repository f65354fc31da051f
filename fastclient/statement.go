package fastclient

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

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
	s.b = AppendIdent(s.b, name)
	return s
}

// text appends a quoted string.
func (s *statement) text(what, text string) *statement {
	s.check(what, text)
	s.b = AppendText(s.b, text)
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
	if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\r") {
		s.refuse(what, "holds bytes that InfluxQL cannot quote")
	}
}

// refuse makes the statement fail, unless it does already.
func (s *statement) refuse(what, reason string) {
	if s.err == nil {
		s.err = &OptionError{what, reason}
	}
}

// exec runs a statement that answers with no rows of interest.
func (c *Client) exec(ctx context.Context, s *statement, opts ...QueryOption) error {
	return c.each(ctx, s, append(opts[:len(opts):len(opts)], Unchunked()), func(*jsonscan.Row) error { return nil })
}

// delete runs a statement that deletes.
func (c *Client) delete(ctx context.Context, s *statement, opts []QueryOption) error {
	deletes := queryOption(func(c *queryCall) { c.deletes = true })
	return c.exec(ctx, s, append(opts[:len(opts):len(opts)], deletes)...)
}

// each runs a statement and calls f for every row. The first error ends it.
func (c *Client) each(ctx context.Context, s *statement, opts []QueryOption, f func(*jsonscan.Row) error) error {
	if s.err != nil {
		return s.err
	}
	res, err := c.Query(ctx, string(s.b), opts...)
	if err != nil {
		return err
	}
	for row, err := range res.Rows() {
		if errors.Is(err, jsonscan.ErrNoResults) {
			return ErrNoResult
		}
		if err == nil {
			err = f(row)
		}
		if err != nil {
			return err
		}
	}
	if res.s.Statements() == 0 && !res.emptied {
		return ErrNoResult
	}
	return nil
}
