package fastclient

import (
	"fmt"
	"io"
	"log/slog"
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
