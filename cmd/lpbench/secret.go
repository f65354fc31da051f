package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pointwire/pointwire/fastclient"
)

// A secretFlag says where a secret is. The secret itself is no argument: everybody who
// lists the processes of a machine sees those.
type secretFlag struct {
	from, name string
	bad        bool
}

// maxSecret bounds the file of a secret.
const maxSecret = 64 << 10

// errSecret does not repeat the value, which may be the secret.
var errSecret = errors.New("say where it is, env:NAME or file:PATH: the secret itself would be seen by all who list processes")

func (s *secretFlag) String() string {
	if s.from == "" {
		return ""
	}
	return s.from + ":" + s.name
}

// Set returns no error: package flag would print the value with it.
func (s *secretFlag) Set(text string) error {
	from, name, _ := strings.Cut(text, ":")
	if s.bad = from != "env" && from != "file" || name == ""; !s.bad {
		s.from, s.name = from, name
	}
	return nil
}

// into reads the secret, if there is one, without white space at its end.
func (s *secretFlag) into(to *fastclient.Secret) error {
	var text string
	switch {
	case s.bad:
		return usageError{errSecret}
	case s.from == "":
		return nil
	case s.from == "env":
		text = os.Getenv(s.name)
	default:
		f, err := os.Open(s.name)
		if err != nil {
			return err
		}
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
		if err != nil {
			return err
		}
		if len(b) > maxSecret {
			return fmt.Errorf("%s is too large for a secret", printable(s.name))
		}
		text = string(b)
	}
	if text = strings.TrimRight(text, " \t\r\n"); text == "" {
		return fmt.Errorf("%s is empty", printable(s.String()))
	}
	*to = fastclient.NewSecret(text)
	return nil
}
