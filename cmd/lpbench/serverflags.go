package main

import (
	"flag"
	"fmt"

	"github.com/pointwire/pointwire/fastclient"
)

// serverFlags are the flags that say which server it is, and who asks.
type serverFlags struct {
	url, database, rp string
	org, user         string
	password, token   secretFlag
}

func (s *serverFlags) define(f *flag.FlagSet) {
	f.StringVar(&s.url, "url", "http://127.0.0.1:8086", "the server's `URL`, in the form that fastclient.Open takes")
	f.StringVar(&s.org, "org", "", "the `organization`, for InfluxDB 2")
	f.StringVar(&s.user, "user", "", "`name` for Basic authentication")
	f.Var(&s.password, "password", "`where` its password is: env:NAME or file:PATH")
	f.Var(&s.token, "token", "`where` the token is: env:NAME or file:PATH")
}

// options returns the options of u, a form of the URL, and of the flags.
func (s *serverFlags) options(u string) (fastclient.Options, error) {
	o, err := fastclient.ParseURL(u)
	if err != nil {
		return o, usageError{err}
	}
	for _, set := range []struct {
		p *string
		v string
	}{{&o.Database, s.database}, {&o.RetentionPolicy, s.rp}, {&o.Org, s.org}, {&o.Username, s.user}} {
		if set.v != "" {
			*set.p = set.v
		}
	}
	if err := s.password.into(&o.Password); err != nil {
		return o, fmt.Errorf("-password: %w", err)
	}
	if err := s.token.into(&o.Token); err != nil {
		return o, fmt.Errorf("-token: %w", err)
	}
	return o, nil
}
