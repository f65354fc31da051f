package fastclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/admin"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/jsonscan"
)

type guideCase struct {
	Name   string
	Kind   string
	Input  map[string]any
	Expect map[string]any
}

func guideCases(t *testing.T, kind string) []guideCase {
	t.Helper()
	f, err := os.Open("testdata/guide-cases.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := json.NewDecoder(f)
	d.UseNumber()
	var all, some []guideCase
	if err := d.Decode(&all); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Kind == kind {
			some = append(some, c)
		}
	}
	if len(some) == 0 {
		t.Fatalf("no cases of kind %s", kind)
	}
	return some
}

func text(m map[string]any, key string) string { s, _ := m[key].(string); return s }

// options makes Options of a case's input for a server at base.
func (g guideCase) options(t *testing.T, base string) fastclient.Options {
	t.Helper()
	o := fastclient.Options{
		Addr: base + text(g.Input, "path"), Database: text(g.Input, "db"),
		Username: text(g.Input, "username"), Password: fastclient.NewSecret(text(g.Input, "password")),
	}
	return o
}

// call makes the call of a case.
func (g guideCase) call(t *testing.T, c *fastclient.Client) (rows [][]any, err error) {
	t.Helper()
	ctx := t.Context()
	arg := ""
	if args, _ := g.Input["args"].([]any); len(args) > 0 {
		arg = args[0].(string)
	}
	from := admin.ShowOptions{Measurement: arg}
	switch name := text(g.Input, "call"); name {
	case "ping":
		_, err = c.Ping(ctx)
	case "write":
		var opts []fastclient.WriteOption
		if level := text(g.Input, "consistency"); level == "one" {
			opts = append(opts, fastclient.Consistency(fastclient.ConsistencyOne))
		}
		if p := text(g.Input, "precision"); p == "s" {
			opts = append(opts, fastclient.WritePrecision(fastclient.Second))
		}
		body := text(g.Input, "body")
		if body == "" || g.Kind == "http_response" {
			body = "m f=1i 1"
		}
		err = c.Write(ctx, []byte(body), opts...)
	case "query":
		res, qerr := c.Query(ctx, text(g.Input, "q"))
		if qerr != nil {
			return nil, qerr
		}
		for row, rerr := range res.Rows() {
			if rerr != nil {
				err = rerr
				continue
			}
			rows = append(rows, cells(row))
		}
	case "create_database":
		err = c.CreateDatabase(ctx, arg)
	case "drop_database":
		err = c.DropDatabase(ctx, arg)
	case "show_continuous_queries":
		_, err = admin.ShowContinuousQueries(ctx, c)
	case "show_field_keys":
		_, err = admin.ShowFieldKeys(ctx, c, from)
	case "show_retention_policies":
		_, err = admin.ShowRetentionPolicies(ctx, c, "")
	case "show_series":
		_, err = admin.ShowSeries(ctx, c, from)
	case "show_tag_keys":
		_, err = admin.ShowTagKeys(ctx, c, from)
	case "show_tag_values":
		_, err = admin.ShowTagValues(ctx, c, []string{arg}, admin.ShowOptions{})
	case "show_users":
		_, err = admin.ShowUsers(ctx, c)
	default:
		t.Fatalf("no call %q", name)
	}
	return rows, err
}

func cells(row *jsonscan.Row) []any {
	var out []any
	for i := range row.Len() {
		if row.IsNull(i) {
			out = append(out, nil)
		} else {
			out = append(out, json.Number(row.Raw(i)))
		}
	}
	return out
}

func TestGuideRequests(t *testing.T) {
	for _, g := range guideCases(t, "http_request") {
		t.Run(g.Name, func(t *testing.T) {
			s := influxtest.New(t)
			if text(g.Input, "call") != "write" && text(g.Input, "call") != "ping" {
				s.Play(influxtest.JSON(`{"results":[{"statement_id":0}]}`))
			}
			if host := text(g.Input, "host"); host != "" {
				c, err := fastclient.New(fastclient.Options{Addr: "http://[" + host + "]:8086"})
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				if want, _ := strings.CutSuffix(text(g.Expect, "url"), "/ping"); c.String() != "fastclient.Client{"+want+"}" {
					t.Fatalf("%v, want %v", c, g.Expect)
				}
				return
			}
			c, err := fastclient.New(g.options(t, s.URL))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := g.call(t, c); err != nil {
				t.Fatal(err)
			}
			g.checkRequest(t, s.Last())
		})
	}
}

func (g guideCase) checkRequest(t *testing.T, r *influxtest.Request) {
	t.Helper()
	for key, want := range g.Expect {
		switch key {
		case "method":
			equal(t, key, r.Method, want)
		case "path":
			equal(t, key, r.Path, want)
		case "body":
			equal(t, key, string(r.Body), want)
		case "header":
			for k, v := range want.(map[string]any) {
				equal(t, k, r.Header.Get(k), v)
			}
		case "query":
			for k, v := range want.(map[string]any) {
				equal(t, "query "+k, strings.Join(r.Query[k], "|"), v)
			}
		case "form":
			form := r.Form
			if form == nil {
				form = url.Values{}
			}
			for k, v := range want.(map[string]any) {
				equal(t, "form "+k, strings.Join(form[k], "|"), v)
			}
		default:
			t.Fatalf("nothing checks %q", key)
		}
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %q, want %q", what, got, want)
	}
}

func TestGuideResponses(t *testing.T) {
	for _, g := range guideCases(t, "http_response") {
		t.Run(g.Name, func(t *testing.T) {
			status, _ := strconv.Atoi(fmt.Sprint(g.Input["status"]))
			s := influxtest.New(t, influxtest.Body(status, text(g.Input, "body")))
			c, err := fastclient.New(fastclient.Options{Addr: s.URL, Database: "d"})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			rows, err := g.call(t, c)
			if want, ok := g.Expect["rows"]; ok {
				if err != nil {
					t.Fatal(err)
				}
				equal(t, "rows", fmt.Sprint(rows), fmt.Sprint(want))
				return
			}
			g.checkError(t, err)
		})
	}
}

func (g guideCase) checkError(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	var server *fastclient.ServerError
	var statement *fastclient.QueryError
	var partial *fastclient.PartialWriteError
	errors.As(err, &server)
	errors.As(err, &statement)
	errors.As(err, &partial)
	for key, want := range g.Expect["error"].(map[string]any) {
		switch {
		case key == "status" && server != nil:
			equal(t, key, fmt.Sprint(server.Status), fmt.Sprint(want))
		case key == "message" && server != nil:
			equal(t, key, server.Message, want)
		case key == "message" && statement != nil:
			equal(t, key, statement.Message, want)
		case key == "statement_id" && statement != nil:
			equal(t, key, fmt.Sprint(statement.StatementID), fmt.Sprint(want))
		case key == "partial" && partial != nil:
			equal(t, key, partial.Server.Partial, want)
		case key == "dropped" && partial != nil:
			equal(t, key, fmt.Sprint(partial.Dropped), fmt.Sprint(want))
		default:
			t.Errorf("%T has no %s", err, key)
		}
	}
}

func TestGuideConfig(t *testing.T) {
	checks := map[string]func(t *testing.T){
		"no default database allowed, but reported on use": func(t *testing.T) {
			s := influxtest.New(t)
			c, err := fastclient.New(fastclient.Options{Addr: s.URL})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.Write(t.Context(), []byte("m f=1i 1")); !errors.Is(err, fastclient.ErrNoDatabase) {
				t.Errorf("Write: %v", err)
			}
			if s.Last() != nil {
				t.Error("a request was sent")
			}
		},
		"timeout zero means no limit or error, never a hidden 300 s": func(t *testing.T) {
			const patience = 20 * time.Minute // of the caller
			for limit, want := range map[time.Duration]time.Duration{0: 30 * time.Second, -1: patience, 2 * time.Minute: 2 * time.Minute} {
				synctest.Test(t, func(t *testing.T) {
					s, dial := influxtest.NewPipe(t, influxtest.Silent())
					c, err := fastclient.New(fastclient.Options{Addr: s.URL, Dial: dial, Database: "d", HeaderTimeout: limit, ReadTimeout: limit})
					if err != nil {
						t.Fatal(err)
					}
					calls := map[string]func(context.Context) error{
						"write": func(ctx context.Context) error { return c.Write(ctx, []byte("m f=1i 1")) },
						"query": func(ctx context.Context) error {
							s.Play(influxtest.StallBody(`{"results":[`))
							res, err := c.Query(ctx, "SHOW DATABASES")
							if err != nil {
								return err
							}
							for _, err = range res.Rows() {
							}
							return err
						},
					}
					for name, call := range calls {
						ctx, cancel := context.WithTimeout(t.Context(), patience)
						start := time.Now()
						err := call(ctx)
						if took := time.Since(start); took != want || err == nil {
							t.Errorf("%s with a limit of %v: %v after %v", name, limit, err, took)
						}
						cancel()
					}
					c.Close()
					s.Close()
				})
			}
		},
	}
	// These cannot be written down in Go: the options are typed.
	typed := map[string]string{
		"chunked must be a bool":         "Chunked takes an int, Unchunked nothing",
		"unknown output format rejected": "each format is a method of its own",
	}
	for _, g := range guideCases(t, "client_config") {
		t.Run(g.Name, func(t *testing.T) {
			if check := checks[g.Name]; check != nil {
				check(t)
			} else if typed[g.Name] == "" {
				t.Errorf("nothing checks %v", g.Input)
			}
		})
	}
}
