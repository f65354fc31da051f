package main

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/pointwire/pointwire/lp"
)

// An api is one of the two write endpoints.
type api int

const (
	v1 api = iota // /write
	v2            // /api/v2/write
)

// units are the values of the parameter precision.
var units = map[string]lp.Precision{
	"": lp.Nanosecond, "n": lp.Nanosecond, "ns": lp.Nanosecond, "u": lp.Microsecond, "us": lp.Microsecond,
	"\u00b5": lp.Microsecond, "\u00b5s": lp.Microsecond, // the micro sign
	"\u03bc": lp.Microsecond, "\u03bcs": lp.Microsecond, // the letter mu
	"ms": lp.Millisecond, "s": lp.Second, "m": lp.Minute, "h": lp.Hour,
}

// precision returns the unit of the timestamps.
func (a api) precision(q url.Values) (lp.Precision, error) {
	word, known := q.Get("precision"), "n, u, ms, s, m or h"
	p, ok := units[word]
	if a == v2 {
		known = "ns, us, ms or s"
		ok = slices.Contains([]string{"", "ns", "us", "ms", "s"}, word)
	}
	if !ok {
		return 0, &refusal{status: 400, message: fmt.Sprintf("invalid precision %q (use %s)", word, known)}
	}
	return p, nil
}

// target returns the target that the request names.
func (s *relay) target(a api, q url.Values) (*target, error) {
	if a == v2 {
		bucket := q.Get("bucket")
		if t := s.targets[strings.TrimSuffix(bucket, "/")]; t != nil {
			return t, nil
		}
		return nil, &refusal{status: 404, message: fmt.Sprintf("bucket %q not found", bucket)}
	}
	db, rp := q.Get("db"), q.Get("rp")
	name := db
	if rp != "" {
		name += "/" + rp
	}
	switch t := s.targets[name]; {
	case db == "":
		return nil, &refusal{status: 400, message: "database is required"}
	case t != nil:
		return t, nil
	case s.targets[db] != nil:
		return nil, &refusal{status: 404, message: "retention policy not found: " + rp}
	}
	return nil, &refusal{status: 404, message: fmt.Sprintf("database not found: %q", db)}
}

// admit checks the credentials, in each form that clients send them in.
func (c *config) admit(r *http.Request, q url.Values) error {
	if c.user == "" && c.token == "" {
		return nil
	}
	user, password, ok := r.BasicAuth()
	if u := q.Get("u"); u != "" {
		user, password, ok = u, q.Get("p"), true
	}
	if scheme, token, found := strings.Cut(r.Header.Get("Authorization"), " "); found && !ok && (scheme == "Token" || scheme == "Bearer") {
		if c.token != "" && same(token, c.token) {
			return nil
		}
		user, password, _ = strings.Cut(token, ":") // as 1.8 reads a token
		ok = true
	}
	switch {
	case !ok:
		return &refusal{status: 401, message: "unable to parse authentication credentials"}
	case c.user != "" && same(user, c.user) && same(password, c.password):
		return nil
	}
	return &refusal{status: 401, message: "authorization failed"}
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// A body is the memory for one body.
type body struct {
	text  bytes.Buffer // as it arrived, decompressed
	lines []byte       // as it is sent on
	dec   lp.Decoder
	zip   gzip.Reader
}

// read reads the body of r, at most limit bytes compressed and decompressed.
func (b *body) read(w http.ResponseWriter, r *http.Request, limit int) error {
	in := io.Reader(http.MaxBytesReader(w, r.Body, int64(limit)))
	switch r.Header.Get("Content-Encoding") {
	case "", "identity":
	case "gzip":
		if err := b.zip.Reset(in); err != nil {
			return unreadable(err)
		}
		in = io.LimitReader(&b.zip, int64(limit)+1)
	default:
		return &refusal{status: 415, message: "the only content encoding is gzip"}
	}
	b.text.Reset()
	if _, err := b.text.ReadFrom(in); err != nil {
		return unreadable(err)
	}
	if b.text.Len() > limit {
		return errTooLarge
	}
	return nil
}

var errTooLarge = &refusal{status: 413, message: http.StatusText(http.StatusRequestEntityTooLarge)}

func unreadable(err error) error {
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return errTooLarge
	}
	return &refusal{status: 400, message: err.Error()}
}
