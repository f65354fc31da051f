package docs

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// errorTypes are the exported error types of the module, as zero values.
var errorTypes = []error{
	new(fastclient.ServerError), new(fastclient.PartialWriteError), new(fastclient.QueryError), new(fastclient.TransportError),
	new(fastclient.OptionError), new(fastclient.ReplicaError), new(fastclient.PointsError), new(fastclient.StoppedError),
	new(batch.AppendError), new(batch.BatchError), new(batch.PendingError), new(batch.UnsentError), new(batch.SpooledError), new(batch.RouteError),
	new(jsonscan.SyntaxError), new(jsonscan.ReadError), new(jsonscan.RowSizeError), new(jsonscan.ResponseError),
	new(jsonscan.StatementError), new(jsonscan.CellError), new(jsonscan.BindError), new(jsonscan.StructError),
	new(frame.ShapeError), new(frame.ParseError),
	new(lp.PointError), new(lp.SchemaError), new(lp.SyntaxError),
}

// TestErrorsOfNothing: an error that a program made by itself, without anything in it, has a
// text of one line and a chain.
func TestErrorsOfNothing(t *testing.T) {
	for _, err := range errorTypes {
		text := err.Error()
		if text == "" || strings.ContainsFunc(text, unicode.IsControl) {
			t.Errorf("%T: %q", err, text)
		}
		if errors.Is(err, errors.ErrUnsupported) || strings.Contains(fmt.Sprintf("%v %s", err, err), "PANIC") {
			t.Errorf("%T: %v", err, err)
		}
		fastclient.Retryable(err)
		fastclient.RetryDelay(err)
	}
}

// TestErrorsOnOneLine: what a server, a name or another error says cannot begin a second
// record of a log, or move the cursor of a terminal.
func TestErrorsOnOneLine(t *testing.T) {
	const forged = "x\r\nlevel=ERROR msg=\"forged\" \x1b[2J\x00\u2028"
	for _, zero := range errorTypes {
		v := reflect.New(reflect.TypeOf(zero).Elem())
		fill(v.Elem(), forged)
		err := v.Interface().(error)
		if text := err.Error(); strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' }) {
			t.Errorf("%T: %q", err, text)
		}
	}
}

// ownWords are fields that hold words of this module, or of the program that uses it.
var ownWords = map[string]bool{"Op": true, "Addr": true, "Field": true, "Reason": true, "Type": true, "Want": true, "Msg": true, "Problems": true}

// fill sets every text and error within v.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() && v.Type().PkgPath() == "" {
			v.SetString(text)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() && !ownWords[v.Type().Field(i).Name] {
				fill(v.Field(i), text)
			}
		}
	case reflect.Slice:
		if v.CanSet() && v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), text)
		}
	case reflect.Pointer:
		if v.CanSet() {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), text)
		}
	case reflect.Interface:
		if v.CanSet() && v.Type() == reflect.TypeFor[error]() {
			v.Set(reflect.ValueOf(errors.New(text)))
		}
	}
}
