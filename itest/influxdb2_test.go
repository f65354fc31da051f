package itest

import (
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pointwire/pointwire/fastclient/admin"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/jsonscan"
)

// TestInfluxDB2SetUps checks which set-ups InfluxDB 2 does not have. Tests with such a
// set-up run only on 1.x.
func TestInfluxDB2SetUps(t *testing.T) {
	for _, cfg := range []Config{{UnixSocket: true}, {MaxRowLimit: 7}, {MaxBodySize: 1000}, {SharedSecret: "s3"}} {
		if s, err := StartInfluxDB2(cfg); !errors.Is(err, errors.ErrUnsupported) {
			if s != nil {
				s.Close()
			}
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	t.Setenv("POINTWIRE_INFLUXD2", filepath.Join(t.TempDir(), "influxd"))
	if _, err := StartInfluxDB2(Config{}); !errors.Is(err, exec.ErrNotFound) || !strings.Contains(err.Error(), "cmd/build") {
		t.Errorf("no executable: %v", err)
	}
}

// TestInfluxDB2Again starts a server in the directory of an earlier one.
func TestInfluxDB2Again(t *testing.T) {
	cfg := Config{Dir: t.TempDir()}
	first := startInfluxDB2(t, cfg)
	db := newDatabase(t, first, "again")
	mustWrite(t, first, db, "m f=1i 1")
	stop(t, first)
	if got := query(t, startInfluxDB2(t, cfg), db, "SELECT f FROM m", "epoch", "ns"); !strings.Contains(got, "[[1,1]]") {
		t.Errorf("in the same directory: %s", got)
	}
}

// on2 starts an InfluxDB 2 with an empty database and returns its bucket.
func on2(t *testing.T, name string) (s *Server, bucketID string) {
	t.Helper()
	s = startInfluxDB2(t, Config{})
	bucketID, err := s.CreateBucket(name)
	if err != nil {
		t.Fatal(err)
	}
	return s, bucketID
}

// TestInfluxDB2Auth logs in every way that InfluxDB 2 has, at both endpoints.
func TestInfluxDB2Auth(t *testing.T) {
	s, bucket := on2(t, "auth")
	for _, user := range []struct {
		name  string
		write bool
	}{{"writer", true}, {"reader", false}} {
		if err := s.CreateLegacyUser(user.name, "passw0rd", bucket, user.write); err != nil {
			t.Fatal(err)
		}
	}
	type verdict struct{ v1, v2, query error }
	var (
		all  = verdict{}
		none = verdict{fastclient.ErrUnauthorized, fastclient.ErrUnauthorized, fastclient.ErrUnauthorized}
		// Users of the 1.x endpoints are unknown to /api/v2/write.
		legacy = verdict{v2: fastclient.ErrUnauthorized}
		// A user who may not write gets the same response as an unknown one.
		reads = verdict{fastclient.ErrForbidden, fastclient.ErrUnauthorized, nil}
		// Only the 1.x endpoints look at Basic and parameters, and only the others at
		// Bearer.
		v1alone = verdict{v2: fastclient.ErrUnauthorized}
		v2alone = verdict{v1: fastclient.ErrUnauthorized, query: fastclient.ErrUnauthorized}
	)
	for _, tt := range []struct {
		name string
		o    fastclient.Options
		want verdict
	}{
		{"token", fastclient.Options{Token: fastclient.NewSecret(Token)}, all},
		{"bearer", fastclient.Options{Token: fastclient.NewSecret(Token), BearerAuth: true}, v2alone},
		{"token as a password", fastclient.Options{Username: "anybody", Password: fastclient.NewSecret(Token)}, v1alone},
		{"token as a parameter", fastclient.Options{Username: Username, Password: fastclient.NewSecret(Token), QueryAuth: true}, v1alone},
		{"password of the first user", fastclient.Options{Username: Username, Password: fastclient.NewSecret(Password)}, none},
		{"1.x user", fastclient.Options{Username: "writer", Password: fastclient.NewSecret("passw0rd")}, legacy},
		{"1.x user as a parameter", fastclient.Options{Username: "writer", Password: fastclient.NewSecret("passw0rd"), QueryAuth: true}, legacy},
		{"1.x user as a token", fastclient.Options{Token: fastclient.NewSecret("writer:passw0rd")}, none}, // 1.8 accepts it
		{"token as a password in a token", fastclient.Options{Token: fastclient.NewSecret("anybody:" + Token)}, v1alone},
		{"1.x reader", fastclient.Options{Username: "reader", Password: fastclient.NewSecret("passw0rd")}, reads},
		{"wrong password", fastclient.Options{Username: "writer", Password: fastclient.NewSecret("hunter2")}, none},
		{"wrong token", fastclient.Options{Token: fastclient.NewSecret("hunter2")}, none},
		{"nothing", fastclient.Options{}, none},
	} {
		for _, netHTTP := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/nethttp=%v", tt.name, netHTTP), func(t *testing.T) {
				tt.o.Addr, tt.o.Database, tt.o.NetHTTP = s.URL(), "auth", netHTTP
				ways := map[string]error{}
				for name, api := range map[string]fastclient.API{"v1": fastclient.V1, "v2": fastclient.V2} {
					tt.o.API, tt.o.Org = api, ""
					if api == fastclient.V2 {
						tt.o.Org = Org
					}
					c, err := fastclient.New(tt.o)
					if err != nil {
						t.Fatal(err)
					}
					defer c.Close()
					ways[name] = c.Write(t.Context(), []byte("m f=1i 1\n"))
					if api == fastclient.V1 {
						_, ways["query"] = rawsAndError(t, c, "SELECT f FROM m")
					}
				}
				for name, want := range map[string]error{"v1": tt.want.v1, "v2": tt.want.v2, "query": tt.want.query} {
					err := ways[name]
					if want == nil && err != nil || !errors.Is(err, want) {
						t.Errorf("%s: %v, want %v", name, err, want)
					}
					if err != nil && (strings.Contains(err.Error(), "hunter2") || fastclient.Retryable(err)) {
						t.Errorf("%s: shows a secret or is retryable: %v", name, err)
					}
				}
			})
		}
	}
}

// TestInfluxDB2Bucket writes to a bucket by its name and reads it as a database: by its own
// name, as db/rp, and by the database that it is mapped to.
func TestInfluxDB2Bucket(t *testing.T) {
	s, plain := on2(t, "plain")
	if _, err := s.CreateBucket("metrics/week"); err != nil {
		t.Fatal(err)
	}
	if err := s.MapDatabase("old", "raw", plain); err != nil {
		t.Fatal(err)
	}
	bucket := func(name string) *fastclient.Client {
		return newClient(t, s, fastclient.Options{API: fastclient.V2, Org: Org, Bucket: name})
	}
	writeLines(t, bucket("plain"), "m f=1i 1\n")
	writeLines(t, bucket("metrics/week"), "m f=2i 2\n")
	v1 := newClient1(t, s, fastclient.Options{})
	writeLines(t, v1.WithDatabase("old"), "m f=3i 3\n")
	writeLines(t, v1.WithDatabase("metrics").WithRetentionPolicy("week"), "m f=4i 4\n")
	writeLines(t, newClient(t, s, fastclient.Options{Database: "metrics", RetentionPolicy: "week"}), "m f=5i 5\n")
	for _, tt := range []struct{ db, rp, want string }{
		{"plain", "", "[[1 1] [3 3]]"},
		{"plain", "autogen", "[[1 1] [3 3]]"},
		{"old", "", "[[1 1] [3 3]]"},
		{"old", "raw", "[[1 1] [3 3]]"},
		{"metrics", "week", "[[2 2] [4 4] [5 5]]"},
	} {
		if got := raws(t, v1.WithDatabase(tt.db).WithRetentionPolicy(tt.rp), "SELECT f FROM m"); fmt.Sprint(got) != tt.want {
			t.Errorf("%s, policy %q: %v, want %s", tt.db, tt.rp, got, tt.want)
		}
	}
	if got := raws(t, v1, `SELECT f FROM metrics.week.m`); len(got) != 3 {
		t.Errorf("by its whole name: %v", got)
	}
	// A name alone stands for its policy autogen, even if there is one other policy.
	if _, err := rawsAndError(t, v1.WithDatabase("metrics"), "SELECT f FROM m"); err == nil || !strings.Contains(err.Error(), "default retention policy not set for: metrics") {
		t.Errorf("a database without a default policy: %v", err)
	}
	if err := v1.WithDatabase("metrics").Write(t.Context(), []byte("m f=1i 1\n")); !errors.Is(err, fastclient.ErrNotFound) {
		t.Errorf("a write without a default policy: %v", err)
	}
	// A write does not create a missing bucket.
	for name, c := range map[string]*fastclient.Client{"v1": v1.WithDatabase("missing"), "v2": bucket("missing")} {
		if err := c.Write(t.Context(), []byte("m f=1i 1\n")); !errors.Is(err, fastclient.ErrNotFound) || fastclient.Retryable(err) {
			t.Errorf("%s, missing: %v", name, err)
		}
	}
	err := bucket("plain").WithDatabase("metrics/week").Write(t.Context(), []byte("bad\nworse\nm f=6i 6\n"))
	response, ok := errors.AsType[*fastclient.ServerError](err)
	if want := "unable to parse 'bad': missing fields\nunable to parse 'worse': missing fields"; !ok || response.Message != want {
		t.Errorf("two bad lines: %v, want the message %q", err, want)
	}
	// The message is the server's own, the text of the error is one line.
	if err != nil && strings.Contains(err.Error(), "\n") {
		t.Errorf("two bad lines: the text %q has more than one line", err)
	}
}

// TestInfluxDB2Guide runs the example of the guide.
func TestInfluxDB2Guide(t *testing.T) {
	s, _ := on2(t, "sensors")
	c := newClient1(t, s, fastclient.Options{API: fastclient.V2, Org: Org, Token: fastclient.NewSecret(Token), Database: "sensors"})
	writeLines(t, c, "temperature,room=attic value=21.5 1257894000000000000\n")
	type mean struct {
		Time time.Time `lp:",timestamp"`
		Mean float64   `lp:"mean"`
	}
	means, err := fastclient.QueryInto(t.Context(), c, []mean(nil), `SELECT mean(value) FROM temperature
		WHERE time >= '2009-11-10T23:00:00Z' AND time < '2009-11-11T00:00:00Z' GROUP BY time(1h)`)
	if want := []mean{{time.Unix(1257894000, 0).UTC(), 21.5}}; err != nil || !slices.Equal(means, want) {
		t.Errorf("%v, want %v: %v", means, want, err)
	}
}

// TestInfluxDB2BucketNames writes to and reads from buckets with hostile names. The client
// refuses the empty name and names with control bytes; the server refuses names with
// quotation marks.
func TestInfluxDB2BucketNames(t *testing.T) {
	s := startInfluxDB2(t, Config{})
	c := newClient(t, s, fastclient.Options{})
	v1 := newClient1(t, s, fastclient.Options{})
	taken := 0
	for _, name := range hostile {
		if !utf8.ValidString(name) {
			continue // JSON cannot carry this name
		}
		if name == "" || strings.ContainsAny(name, "\n\t\x00\r") {
			if err := c.WithDatabase(name).Write(t.Context(), []byte("m f=1i 1\n")); err == nil || !errors.Is(err, fastclient.ErrNoDatabase) && !errors.As(err, new(*fastclient.OptionError)) {
				t.Errorf("write to %q: %v", name, err)
			}
			continue
		}
		if _, err := s.CreateBucket(name); err != nil {
			if !strings.ContainsAny(name, `"`) && name[0] != '_' {
				t.Errorf("%q: %v", name, err)
			}
			continue
		}
		taken++
		db, rp, _ := strings.Cut(name, "/")
		if db == "" { // the bucket accepts writes, but no database has that name
			if err := c.WithDatabase(name).Write(t.Context(), []byte("m f=0i 0\n")); err != nil {
				t.Errorf("write to %q: %v", name, err)
			}
			continue
		}
		for i, view := range []*fastclient.Client{c.WithDatabase(name), v1.WithDatabase(db).WithRetentionPolicy(rp)} {
			if err := view.Write(t.Context(), fmt.Appendf(nil, "m f=%di %d\n", i, i)); err != nil {
				t.Errorf("write to %q: %v", name, err)
			}
		}
		if got, err := rawsAndError(t, v1.WithDatabase(db).WithRetentionPolicy(rp), "SELECT f FROM m"); fmt.Sprint(got) != "[[0 0] [1 1]]" {
			t.Errorf("%q holds %v: %v", name, got, err)
		}
		if err := s.DropBucket(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	if taken < len(hostile)/2 {
		t.Errorf("only %d of %d names were accepted", taken, len(hostile))
	}
}

// wantNotImplemented checks that err is that of a statement that InfluxDB 2 does not have.
func wantNotImplemented(t *testing.T, statement string, err error) {
	t.Helper()
	if e, ok := errors.AsType[*fastclient.QueryError](err); !ok || !strings.Contains(e.Error(), "not implemented: "+statement) || fastclient.Retryable(err) {
		t.Errorf("%s: %v, want: not implemented", statement, err)
	}
}

// TestInfluxDB2Buckets makes and drops buckets, as such and as databases.
func TestInfluxDB2Buckets(t *testing.T) {
	s := startInfluxDB2(t, Config{})
	ctx := t.Context()
	for _, netHTTP := range []bool{false, true} {
		for _, org := range []string{Org, s.orgID} {
			c := newClient1(t, s, fastclient.Options{API: fastclient.V2, Org: org, NetHTTP: netHTTP})
			short := fastclient.Bucket{Name: "short", Description: "two hours", Retention: 2 * time.Hour, ShardDuration: time.Hour}
			if err := c.CreateBucket(ctx, short); err != nil {
				t.Fatal(err)
			}
			var server *fastclient.ServerError
			if err := c.CreateBucket(ctx, short); !errors.As(err, &server) || server.Status != 422 || fastclient.Retryable(err) {
				t.Errorf("a bucket that exists: %v", err)
			}
			var list struct {
				Buckets []struct {
					Description    string
					RetentionRules []struct{ EverySeconds, ShardGroupDurationSeconds int }
				}
			}
			err := s.api(http.MethodGet, "/api/v2/buckets?name=short&orgID="+s.orgID, nil, &list)
			if want := "[{two hours [{7200 3600}]}]"; err != nil || fmt.Sprint(list.Buckets) != want {
				t.Errorf("%v, %v, want %s", list.Buckets, err, want)
			}
			for range 2 {
				if err := c.CreateDatabase(ctx, "a/b c"); err != nil {
					t.Error(err)
				}
			}
			view := c.WithDatabase("a").WithRetentionPolicy("b c")
			writeLines(t, view, "m f=1i 1\n")
			if got := fmt.Sprint(raws(t, view, "SELECT f FROM m")); got != "[[1 1]]" {
				t.Errorf("the new bucket holds %s", got)
			}
			for range 2 {
				for _, name := range []string{"a/b c", "short"} {
					if err := c.DropDatabase(ctx, name); err != nil {
						t.Error(err)
					}
				}
			}
			names, err := admin.ShowDatabases(ctx, c)
			if want := []string{"_monitoring", "_tasks", "first"}; err != nil || !slices.Equal(names, want) {
				t.Errorf("databases %q, want %q: %v", names, want, err)
			}
			// The server refuses this name, and that is no success.
			if err := c.CreateDatabase(ctx, "_mine"); !errors.Is(err, fastclient.ErrBadRequest) {
				t.Errorf("a name that is not allowed: %v", err)
			}
		}
	}
	for what, c := range map[string]*fastclient.Client{
		"Org": newClient1(t, s, fastclient.Options{API: fastclient.V2, Org: "nobody's"}),
		"org": newClient1(t, s, fastclient.Options{API: fastclient.V2}),
	} {
		var option *fastclient.OptionError
		if err := c.CreateDatabase(ctx, "new"); !errors.As(err, &option) || option.Field != "Org" {
			t.Errorf("%s: %v", what, err)
		}
	}
	c := newClient1(t, s, fastclient.Options{API: fastclient.V2, Org: Org, Token: fastclient.NewSecret("wrong")})
	if err := c.CreateBucket(ctx, fastclient.Bucket{Name: "new"}); !errors.Is(err, fastclient.ErrUnauthorized) {
		t.Errorf("a wrong token: %v", err)
	}
}

// TestInfluxDB2Statements checks which helpers InfluxDB 2 refuses. Its databases, policies
// and users are made through its API.
func TestInfluxDB2Statements(t *testing.T) {
	s, _ := on2(t, "statements")
	c := newClient1(t, s, fastclient.Options{Database: "statements"}) // for V1, which has no buckets
	ctx := t.Context()
	week := admin.RetentionPolicyInfo{Name: "week", Duration: 168 * time.Hour}
	_, showUsers := admin.ShowUsers(ctx, c)
	_, showGrants := admin.ShowGrants(ctx, c, "u")
	_, showContinuous := admin.ShowContinuousQueries(ctx, c)
	_, showQueries := admin.ShowQueries(ctx, c)
	for statement, err := range map[string]error{
		"CREATE DATABASE":         c.CreateDatabase(ctx, "new"),
		"DROP DATABASE":           c.DropDatabase(ctx, "statements"),
		"CREATE RETENTION POLICY": admin.CreateRetentionPolicy(ctx, c, "", week),
		"ALTER RETENTION POLICY":  admin.AlterRetentionPolicy(ctx, c, "", week),
		"DROP RETENTION POLICY":   admin.DropRetentionPolicy(ctx, c, "", "autogen"),
		"CREATE USER":             admin.CreateUser(ctx, c, "u", "p", false),
		"DROP USER":               admin.DropUser(ctx, c, "u"),
		"GRANT":                   admin.Grant(ctx, c, admin.PrivilegeRead, "statements", "u"),
		"REVOKE":                  admin.Revoke(ctx, c, admin.PrivilegeRead, "statements", "u"),
		"SHOW USERS":              showUsers,
		"SHOW GRANTS":             showGrants,
		"SHOW CONTINUOUS QUERIES": showContinuous,
		"CREATE CONTINUOUS QUERY": admin.CreateContinuousQuery(ctx, c, "", "q", "SELECT mean(f) INTO n FROM m GROUP BY time(1h)", admin.Resample{}),
		"DROP CONTINUOUS QUERY":   admin.DropContinuousQuery(ctx, c, "", "q"),
		"SHOW QUERIES":            showQueries,
		"DROP SERIES":             admin.DropSeries(ctx, c, "m", ""),
	} {
		wantNotImplemented(t, statement, err)
	}
	names, err := admin.ShowDatabases(ctx, c)
	if want := []string{"_monitoring", "_tasks", "first", "statements"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("databases %q, want %q: %v", names, want, err)
	}
	can, err := c.Capabilities(ctx)
	if err != nil || !can.V1 || !can.V2 || can.V3 || !can.Health || !can.Healthy || can.Version != InfluxDB2 {
		t.Errorf("capabilities %+v, %v", can, err)
	}
	// JSON has no infinity, so the response is a text instead of a document.
	writeLines(t, c, "m f=0 1\n")
	_, err = rawsAndError(t, c, "SELECT ln(f) FROM m")
	if e, ok := errors.AsType[*jsonscan.ResponseError](err); !ok || !strings.Contains(e.Error(), "unsupported value: -Inf") || fastclient.Retryable(err) {
		t.Errorf("an infinity: %v", err)
	}
	// This server was built without Flux.
	err = s.api(http.MethodPost, "/api/v2/query?org="+Org, map[string]string{"query": "buckets()"}, nil)
	if err == nil || !strings.Contains(err.Error(), "built without Flux") {
		t.Errorf("Flux: %v", err)
	}
}
