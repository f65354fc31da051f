package fuzz

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/influxdata/influxql"
	"github.com/pointwire/pointwire/fastclient"
)

// FuzzParams binds values of every kind, and reads what arrives as InfluxDB 1.8.10 does:
// the statement must have the values, whatever they hold.
func FuzzParams(f *testing.F) {
	for i, s := range names {
		f.Add(s, names[(i+3)%len(names)], int64(i)*math.MaxInt32, float64(i)/3, uint64(i)<<59)
	}
	f.Add("f", "^(a|b)/", int64(math.MinInt64), math.Inf(1), uint64(math.MaxUint64))
	f.Add("f", "(", int64(math.MaxInt64), math.NaN(), uint64(math.MaxInt64))
	var params string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		params = r.FormValue("params")
		io.WriteString(w, `{"results":[{"statement_id":0}]}`)
	}))
	f.Cleanup(srv.Close)
	c, err := fastclient.New(fastclient.Options{Addr: srv.URL, Database: "db"})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { c.Close() })
	// sent returns the statement as the server reads it, nil if the option is refused.
	sent := func(t *testing.T, q string, opts ...fastclient.QueryOption) *influxql.SelectStatement {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		params = ""
		if err := c.Exec(ctx, q, opts...); err != nil {
			if params != "" {
				t.Fatalf("%v after %s was sent", err, params)
			}
			return nil
		}
		bound := map[string]any{}
		d := json.NewDecoder(strings.NewReader(params))
		d.UseNumber()
		if err := d.Decode(&bound); err != nil {
			t.Fatalf("%s: %v", params, err)
		}
		p := influxql.NewParser(strings.NewReader(q))
		p.SetParams(bound)
		s, err := p.ParseStatement()
		if err != nil {
			t.Fatalf("InfluxQL on %q with %s: %v", q, params, err)
		}
		return s.(*influxql.SelectStatement)
	}
	value := func(s *influxql.SelectStatement) influxql.Expr { return s.Condition.(*influxql.BinaryExpr).RHS }
	f.Fuzz(func(t *testing.T, ident, text string, i int64, x float64, u uint64) {
		if s := sent(t, "SELECT $i FROM $i", fastclient.ParamIdent("i", ident)); s != nil {
			field, m := s.Fields[0].Expr.(*influxql.VarRef).Val, s.Sources[0].(*influxql.Measurement).Name
			if field != ident || m != ident {
				t.Errorf("identifier %q is read as %q and %q", ident, field, m)
			}
		} else if ident != "" && utf8.ValidString(ident) {
			t.Errorf("identifier %q is refused", ident)
		}
		if s := sent(t, "SELECT f FROM m WHERE t = $v", fastclient.Param("v", text)); s != nil {
			if got := value(s).(*influxql.StringLiteral).Val; got != text {
				t.Errorf("text %q is read as %q", text, got)
			}
		} else if utf8.ValidString(text) {
			t.Errorf("text %q is refused", text)
		}
		if _, err := regexp.Compile(text); err == nil {
			if s := sent(t, "SELECT f FROM m WHERE t =~ $v", fastclient.ParamRegex("v", text)); s != nil {
				if got := value(s).(*influxql.RegexLiteral).Val.String(); got != text {
					t.Errorf("regular expression %q is read as %q", text, got)
				}
			} else if utf8.ValidString(text) {
				t.Errorf("regular expression %q is refused", text)
			}
		}
		s := sent(t, "SELECT f FROM m WHERE n = $v", fastclient.Param("v", i))
		if got := value(s).(*influxql.IntegerLiteral).Val; got != i {
			t.Errorf("integer %d is read as %d", i, got)
		}
		if s := sent(t, "SELECT f FROM m WHERE n = $v", fastclient.Param("v", u)); s != nil {
			if got := value(s).(*influxql.IntegerLiteral).Val; uint64(got) != u {
				t.Errorf("integer %d is read as %d", u, got)
			}
		} else if u <= math.MaxInt64 {
			t.Errorf("integer %d is refused", u)
		}
		if s := sent(t, "SELECT f FROM m WHERE n = $v", fastclient.Param("v", x)); s != nil {
			if got := value(s).(*influxql.NumberLiteral).Val; math.Float64bits(got) != math.Float64bits(x) {
				t.Errorf("float %v is read as %v", x, got)
			}
		} else if !math.IsNaN(x) && !math.IsInf(x, 0) {
			t.Errorf("float %v is refused", x)
		}
		if i != math.MinInt64 { // whose text InfluxQL cannot read
			s := sent(t, "SELECT f FROM m WHERE n = $v", fastclient.Param("v", time.Duration(i)))
			if got := value(s).(*influxql.DurationLiteral).Val; got != time.Duration(i) {
				t.Errorf("duration %v is read as %v", time.Duration(i), got)
			}
		}
		at := time.Unix(0, i)
		s = sent(t, "SELECT f FROM m WHERE time = $v", fastclient.Param("v", at))
		if lit, err := value(s).(*influxql.StringLiteral).ToTimeLiteral(time.UTC); err != nil || !lit.Val.Equal(at) {
			t.Errorf("time %v is read as %v, %v", at, lit, err)
		}
	})
}
