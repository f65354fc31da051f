package jsonscan

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

// TestErrorTexts holds that a text names package, operation, object and cause, and
// that it is one printable line whatever a server sends.
func TestErrorTexts(t *testing.T) {
	const evil = "a\x1b[31m\r\n\xffé\u2028"
	const safe = `a\x1b[31m\r\n\xffé\u2028`
	const cause = `a\x1b[31m\r; \xffé\u2028` // lines of errors.Join become parts
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&SyntaxError{Offset: 3, Msg: "expected ','"}, `jsonscan: parse response at offset 3: expected ','`},
		{&ReadError{Offset: 3, Err: io.ErrUnexpectedEOF}, `jsonscan: read response at offset 3: unexpected EOF`},
		{&ReadError{Offset: 3, Err: errors.New(evil)}, `jsonscan: read response at offset 3: ` + cause},
		{&RowSizeError{Offset: 3, Limit: 1}, `jsonscan: read row at offset 3: longer than 1 byte`},
		{&RowSizeError{Offset: 3, Limit: 2, Columns: 1024}, `jsonscan: read series at offset 3: more than 1024 columns or tags`},
		{&RowSizeError{Offset: 3, Limit: 2}, `jsonscan: read row at offset 3: longer than 2 bytes`},
		{&StatementError{StatementID: 1, Message: evil}, `jsonscan: statement 1: ` + safe},
		{&StatementError{StatementID: 1}, `jsonscan: statement 1: error without a message`},
		{&ResponseError{Message: evil}, `jsonscan: server: ` + safe},
		{&ResponseError{Code: evil}, `jsonscan: server: ` + safe + `: error without a message`},
		{&CellError{Index: 1, Column: evil, Want: "int64", Err: ErrNull}, `jsonscan: read column 1 "` + safe + `" as int64: cell is null`},
		{&CellError{Index: 1, Kind: KindBool, Want: "int64", Err: ErrKind}, `jsonscan: read column 1 "" as int64: cell holds another kind of value: bool`},
		{&CellError{Index: 9, Want: "int64", Err: ErrColumn}, `jsonscan: read column 9 as int64: no such column`},
		{&CellError{Index: 1, Column: "v", Want: "level", Err: errors.New(evil)}, `jsonscan: read column 1 "v" as level: ` + cause},
		{&BindError{Type: "T", Series: &Series{Name: evil}, Extra: []string{evil, "b"}, Missing: []string{"c"}},
			`jsonscan: read series "` + safe + `" as T: no field for ` + safe + `, b; no column for c`},
		{&StructError{Type: "T", Problems: []string{"a", "b"}}, `jsonscan: read into type T: a; b`},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("%T: %s, want %s", tt.err, got, tt.want)
		}
	}
}

func TestNotFound(t *testing.T) {
	for message, want := range map[string]bool{
		"database not found: mydb":                           true,
		"database not found: ":                               true,
		"default retention policy not set for: nope":         true,
		"retention policy not found":                         true,
		"retention policy not found: week":                   true,
		"user not found":                                     true,
		"no such query id: 99999":                            true,
		"database not found":                                 false,
		"":                                                   false,
		"invalid name: database not found: x":                false,
		`"database not found: x" user is not authorized`:     false,
		"shard 3: timeout":                                   false,
		"undefined function user not found()":                false,
		"measurement \"no such query id: 3\" is not a table": false,
	} {
		err := fmt.Errorf("query: %w", &StatementError{Message: message})
		if errors.Is(err, ErrNotFound) != want {
			t.Errorf("%q is ErrNotFound: %v", message, !want)
		}
		if errors.Is(err, ErrNull) {
			t.Errorf("%q is ErrNull", message)
		}
	}
}
