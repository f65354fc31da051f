package fuzz

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/influxdata/influxql"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/admin"
	quote "github.com/pointwire/pointwire/fastclient/influxql"
)

var names = []string{
	"db", "a b", `a"b`, `a\b`, `a\`, `\`, `"`, `'`, "a\nb", "\n", "a\rb", "\r\n", "\x00", "a\x00b", "é", "\xff", "\U0001f600", "\ufeff", "\ufffd", "",
	`x"; CREATE DATABASE "y`, `x\"; DROP DATABASE "y`, `x'; DROP DATABASE y --`, "-- x", "/* x */", "/x/", "select", "time", "$x", `\n`, `\\n`, "\t", "\x7f", "\u2028",
}

// quotable returns s as InfluxQL can represent it, see AppendIdent. Every byte that is not
// UTF-8 becomes one U+FFFD.
func quotable(s string) string {
	return strings.NewReplacer("\x00", "_", "\r", "_").Replace(strings.Map(func(r rune) rune { return r }, s))
}

// parseOne parses q, which must be one statement.
func parseOne(t *testing.T, q string) influxql.Statement {
	t.Helper()
	parsed, err := influxql.ParseQuery(q)
	if err != nil {
		t.Fatalf("InfluxQL on %q: %v", q, err)
	}
	if len(parsed.Statements) != 1 {
		t.Fatalf("%q is %d statements", q, len(parsed.Statements))
	}
	return parsed.Statements[0]
}

// FuzzQuote quotes names and texts and reads them with the parser of InfluxQL.
func FuzzQuote(f *testing.F) {
	for i, s := range names {
		f.Add(s, names[(i+5)%len(names)], int64(i))
	}
	f.Fuzz(func(t *testing.T, name, text string, ns int64) {
		want, wantText := quotable(name), quotable(text)
		at := time.Unix(0, ns)
		q := []byte("SELECT ")
		q = quote.AppendIdent(q, name)
		q = append(q, " FROM "...)
		q = quote.AppendIdent(q, name)
		q = append(q, '.')
		q = quote.AppendIdent(q, text)
		q = append(q, '.')
		q = quote.AppendIdent(q, name)
		q = append(q, " WHERE "...)
		q = quote.AppendIdent(q, name)
		q = append(q, " = "...)
		q = quote.AppendText(q, text)
		q = append(q, " AND time >= "...)
		q = quote.AppendTime(q, at)
		if name == "" || text == "" {
			// The parser accepts an empty name only in some places.
			q = quote.AppendText([]byte("SELECT f FROM m WHERE t = "), text)
			s := parseOne(t, string(q)).(*influxql.SelectStatement)
			if got := s.Condition.(*influxql.BinaryExpr).RHS.(*influxql.StringLiteral).Val; got != wantText {
				t.Fatalf("text %q is read as %q", text, got)
			}
			return
		}
		s := parseOne(t, string(q)).(*influxql.SelectStatement)
		field := s.Fields[0].Expr.(*influxql.VarRef).Val
		m := s.Sources[0].(*influxql.Measurement)
		and := s.Condition.(*influxql.BinaryExpr)
		eq, since := and.LHS.(*influxql.BinaryExpr), and.RHS.(*influxql.BinaryExpr)
		if field != want || m.Database != want || m.RetentionPolicy != wantText || m.Name != want || eq.LHS.(*influxql.VarRef).Val != want {
			t.Fatalf("name %q, text %q are read from %q as %q, %q, %q, %q, %q", name, text, q, field, m.Database, m.RetentionPolicy, m.Name, eq.LHS)
		}
		if got := eq.RHS.(*influxql.StringLiteral).Val; got != wantText {
			t.Fatalf("text %q is read from %q as %q", text, q, got)
		}
		lit, err := since.RHS.(*influxql.StringLiteral).ToTimeLiteral(time.UTC)
		if err != nil || !lit.Val.Equal(at) {
			t.Fatalf("time %v is read from %q as %v, %v", at, q, lit, err)
		}
	})
}

// FuzzStatements calls the helpers of the client and parses the queries that arrive at the
// server. Each must be one statement with the given names, or the helper must return an
// error before anything is sent.
func FuzzStatements(f *testing.F) {
	for i, s := range names {
		for op := range uint8(14) {
			f.Add(s, names[(i+3)%len(names)], op)
		}
	}
	var sent atomic.Int64
	var last atomic.Pointer[string]
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.FormValue("q")
		last.Store(&q)
		sent.Add(1)
		io.WriteString(w, `{"results":[{"statement_id":0}]}`)
	}))
	f.Cleanup(srv.Close)
	c, err := fastclient.New(fastclient.Options{Addr: srv.URL, Database: "db"})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { c.Close() })
	f.Fuzz(func(t *testing.T, a, b string, op uint8) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		before := sent.Load()
		var err error
		var check func(s influxql.Statement) bool
		given := []string{a}
		switch op % 14 {
		case 0:
			err = c.CreateDatabase(ctx, a)
			check = func(s influxql.Statement) bool { return s.(*influxql.CreateDatabaseStatement).Name == a }
		case 1:
			err = c.DropDatabase(ctx, a)
			check = func(s influxql.Statement) bool { return s.(*influxql.DropDatabaseStatement).Name == a }
		case 2:
			err = admin.DropMeasurement(ctx, c, a)
			check = func(s influxql.Statement) bool { return s.(*influxql.DropMeasurementStatement).Name == a }
		case 3:
			given = []string{a, b}
			err = admin.CreateUser(ctx, c, a, b, true)
			check = func(s influxql.Statement) bool {
				u := s.(*influxql.CreateUserStatement)
				return u.Name == a && u.Password == b && u.Admin
			}
		case 4:
			given = []string{a, b}
			err = admin.SetPassword(ctx, c, a, b)
			check = func(s influxql.Statement) bool {
				u := s.(*influxql.SetPasswordUserStatement)
				return u.Name == a && u.Password == b
			}
		case 5:
			given = []string{a, b}
			_, err = admin.ShowTagValues(ctx, c, []string{a, b}, admin.ShowOptions{})
			check = func(s influxql.Statement) bool {
				l, ok := s.(*influxql.ShowTagValuesStatement).TagKeyExpr.(*influxql.ListLiteral)
				return ok && len(l.Vals) == 2 && l.Vals[0] == a && l.Vals[1] == b
			}
		case 6:
			given = []string{a, b}
			if a == "" || b == "" {
				return // an empty option means no option
			}
			_, err = admin.ShowTagKeys(ctx, c, admin.ShowOptions{Database: a, Measurement: b, Limit: 1})
			check = func(s influxql.Statement) bool {
				k := s.(*influxql.ShowTagKeysStatement)
				return k.Database == a && len(k.Sources) == 1 && k.Sources[0].(*influxql.Measurement).Name == b
			}
		case 7:
			given = []string{a, b}
			err = admin.DropRetentionPolicy(ctx, c, a, b)
			if a == "" {
				return // an empty name means the database of the client
			}
			check = func(s influxql.Statement) bool {
				d := s.(*influxql.DropRetentionPolicyStatement)
				return d.Database == a && d.Name == b
			}
		case 8:
			given = []string{a, b}
			err = admin.Grant(ctx, c, admin.PrivilegeRead, a, b)
			if a == "" {
				return
			}
			check = func(s influxql.Statement) bool {
				g := s.(*influxql.GrantStatement)
				return g.On == a && g.User == b
			}
		case 9:
			if a == "" {
				return
			}
			err = admin.DeleteBefore(ctx, c, a, time.Unix(1, 2))
			check = func(s influxql.Statement) bool {
				d, ok := s.(*influxql.DeleteSeriesStatement)
				return ok && len(d.Sources) == 1 && d.Sources[0].(*influxql.Measurement).Name == a
			}
		case 10:
			err = admin.GrantAdmin(ctx, c, a)
			check = func(s influxql.Statement) bool { return s.(*influxql.GrantAdminStatement).User == a }
		case 11:
			err = admin.DropUser(ctx, c, a)
			check = func(s influxql.Statement) bool { return s.(*influxql.DropUserStatement).Name == a }
		case 12:
			given = []string{a, b}
			err = admin.DropContinuousQuery(ctx, c, a, b)
			if a == "" {
				return
			}
			check = func(s influxql.Statement) bool {
				d := s.(*influxql.DropContinuousQueryStatement)
				return d.Database == a && d.Name == b
			}
		case 13:
			given = []string{a, b}
			err = admin.CreateContinuousQuery(ctx, c, a, b, "SELECT mean(f) INTO n FROM m GROUP BY time(1h)", admin.Resample{Every: 30 * time.Minute, For: 2 * time.Hour})
			if a == "" {
				return
			}
			check = func(s influxql.Statement) bool {
				d := s.(*influxql.CreateContinuousQueryStatement)
				return d.Database == a && d.Name == b && d.ResampleEvery == 30*time.Minute && d.ResampleFor == 2*time.Hour
			}
		}
		all := strings.Join(given, "")
		possible := utf8.ValidString(a) && utf8.ValidString(all) && !strings.ContainsAny(all, "\x00\r") && a != ""
		var option *fastclient.OptionError
		if err != nil {
			if !errors.As(err, &option) {
				t.Fatalf("op %d of %q, %q: %v", op%14, a, b, err)
			}
			if possible && b != "" {
				t.Fatalf("op %d of %q, %q is refused: %v", op%14, a, b, err)
			}
			if sent.Load() != before {
				t.Fatalf("op %d of %q, %q is refused and sent", op%14, a, b)
			}
			return
		}
		if !possible {
			t.Fatalf("op %d of %q, %q is sent: %q", op%14, a, b, *last.Load())
		}
		q := *last.Load()
		if !check(parseOne(t, q)) {
			t.Fatalf("op %d of %q, %q is read from %q as another name", op%14, a, b, q)
		}
	})
}

// TestClusterStatement: SHOW CLUSTER is openGemini's, so FuzzStatements has no case of it.
// InfluxDB's parser refuses it, which admin.Cluster reports as ErrBadRequest.
func TestClusterStatement(t *testing.T) {
	if q, err := influxql.ParseQuery("SHOW CLUSTER"); err == nil || !strings.Contains(err.Error(), "found CLUSTER, expected ") {
		t.Errorf("%v, %v", q, err)
	}
}
