package fastclient

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A Secret is a password or a token: [Secret.Reveal] alone returns its text. Everything
// that prints a value prints <secret> in its place: each verb of package fmt, package
// log/slog, and encoders by [Secret.MarshalText]. In an unexported field, where fmt calls
// no methods, it prints as an address. The zero value is no secret, and prints as nothing.
type Secret struct {
	_    [0]func() // == would compare addresses
	text *string   // fmt does not follow a pointer that is within another value
}

// NewSecret returns text as a Secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// IsZero reports whether s is no secret.
func (s Secret) IsZero() bool { return s.text == nil }

// Reveal returns the text.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String returns <secret>, or nothing for the zero value.
func (s Secret) String() string {
	if s.text == nil {
		return ""
	}
	return "<secret>"
}

// Format is String for every verb.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue is String, for package log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is String: a configuration that is written out has lost its secrets.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText makes text the secret, for decoders of configurations.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}

// hidden are the texts of credentials as they occur in requests. A proxy may repeat a request in
// its response.
type hidden struct {
	texts     []string
	parameter string // the password in the address of a request, which VictoriaMetrics repeats
}

// minSecret is the length from which a text is looked for that may be a secret: shorter ones
// occur in any text.
const minSecret = 4

// hiddenOf returns the texts of a user's password and of a token. In an address there is the
// password as it is in a query.
func hiddenOf(user string, password, token Secret, inAddress bool) *hidden {
	h := &hidden{texts: []string{token.Reveal()}}
	if !password.IsZero() {
		escaped := url.QueryEscape(password.Reveal())
		quoted := strconv.Quote(password.Reveal())
		h.texts = append(h.texts, password.Reveal(), escaped, url.PathEscape(password.Reveal()), quoted[1:len(quoted)-1], base64.StdEncoding.EncodeToString([]byte(user+":"+password.Reveal())))
		if inAddress {
			h.parameter = "&p=" + escaped
		}
	}
	h.texts = slices.DeleteFunc(h.texts, func(s string) bool { return len(s) < minSecret })
	return h
}

// in replaces what is hidden in a text.
func (h *hidden) in(text string) string {
	for _, s := range h.texts {
		text = strings.ReplaceAll(text, s, "<secret>")
	}
	if h.parameter == "" {
		return text
	}
	return strings.ReplaceAll(text, h.parameter, "&p=<secret>")
}
