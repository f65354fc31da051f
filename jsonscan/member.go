package jsonscan

import (
	"bytes"
)

// This file reads the members of the envelope: names, tags, columns, messages.

// key consumes a key and its colon. The result is valid until the next call.
func (s *Scanner) key() ([]byte, error) {
	c, err := s.peek()
	if err != nil {
		return nil, err
	}
	if c != '"' {
		return nil, s.syntax(s.pos, "expected a key")
	}
	s.scratch, err = s.appendText(s.scratch[:0])
	if err != nil {
		return nil, err
	}
	return s.scratch, s.expect(':', "expected ':'")
}

// shortText reads the text of an error, cut at maxErrorText bytes. Anything
// but a string is skipped and has no text.
func (s *Scanner) shortText() (string, error) {
	c, err := s.peek()
	if err != nil {
		return "", err
	}
	if c != '"' {
		return "", s.skip()
	}
	s.scratch, err = s.appendText(s.scratch[:0])
	if err != nil {
		return "", err
	}
	text := s.scratch[:min(len(s.scratch), maxErrorText)]
	return string(bytes.ToValidUTF8(text, nil)), nil
}

func (s *Scanner) boolean() (bool, error) {
	c, err := s.peek()
	if err != nil {
		return false, err
	}
	w := literal(c)
	if w == "" {
		return false, s.syntax(s.pos, "expected true or false")
	}
	return w == "true", s.word(w)
}

// part reads a string into the text of the series. Null is the empty string.
func (s *Scanner) part() (span, error) {
	null, err := s.null()
	if err != nil || null {
		return span{}, err
	}
	t := &s.text
	start := len(t.text)
	t.text, err = s.appendText(t.text)
	return span{start, len(t.text)}, err
}

func (s *Scanner) readName() (err error) {
	s.text.name, err = s.part()
	s.text.hasName = true
	return err
}

func (s *Scanner) readTags() error {
	null, err := s.null()
	if err != nil || null {
		return err
	}
	if err := s.expect('{', "expected an object"); err != nil {
		return err
	}
	s.text.tags = s.text.tags[:0]
	for first := true; ; first = false {
		more, err := s.element(first, '}')
		if err != nil || !more {
			return err
		}
		if c, err := s.peek(); err != nil || c != '"' {
			if err == nil {
				err = s.syntax(s.pos, "expected a key")
			}
			return err
		}
		key, err := s.part()
		if err != nil {
			return err
		}
		if err := s.expect(':', "expected ':'"); err != nil {
			return err
		}
		value, err := s.part()
		if err != nil {
			return err
		}
		s.text.tags = append(s.text.tags, key, value)
	}
}

func (s *Scanner) readColumns() error {
	null, err := s.null()
	if err != nil || null {
		return err
	}
	if err := s.expect('[', "expected an array"); err != nil {
		return err
	}
	s.text.hasCols = true
	s.text.columns = s.text.columns[:0]
	for first := true; ; first = false {
		more, err := s.element(first, ']')
		if err != nil || !more {
			return err
		}
		c, err := s.part()
		if err != nil {
			return err
		}
		s.text.columns = append(s.text.columns, c)
	}
}

// readMessages reads the messages of a statement.
func (s *Scanner) readMessages() error {
	null, err := s.null()
	if err != nil || null {
		return err
	}
	if err := s.expect('[', "expected an array"); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := s.element(first, ']')
		if err != nil || !more {
			return err
		}
		if err := s.readMessage(); err != nil {
			return err
		}
	}
}

func (s *Scanner) readMessage() error {
	if err := s.expect('{', "expected an object"); err != nil {
		return err
	}
	m := Message{StatementID: s.res.id}
	s.res.usedID = true
	for first := true; ; first = false {
		more, err := s.element(first, '}')
		if err != nil {
			return err
		}
		if !more {
			break
		}
		key, err := s.key()
		if err != nil {
			return err
		}
		switch string(key) {
		case "level":
			m.Level, err = s.shortText()
		case "text":
			m.Text, err = s.shortText()
		default:
			err = s.skip()
		}
		if err != nil {
			return err
		}
	}
	if len(s.messages) < maxMessages {
		s.messages = append(s.messages, m)
	}
	return nil
}
