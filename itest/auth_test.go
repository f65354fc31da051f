package itest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient/admin"

	"github.com/pointwire/pointwire/fastclient"
)

const secret = "s3"

// jwt returns a token for the user, signed as InfluxDB 1.x requires.
func jwt(user string, expires time.Time) string {
	enc := base64.RawURLEncoding
	head := enc.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`))
	claims := enc.EncodeToString(fmt.Appendf(nil, `{"username":%q,"exp":%d}`, user, expires.Unix()))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(head + "." + claims))
	return head + "." + claims + "." + enc.EncodeToString(mac.Sum(nil))
}

// hasToken reports whether s accepts Authorization: Token, which 1.6 does not.
func hasToken(s *Server) bool { return !strings.HasPrefix(s.Version(), "1.6.") }

// TestAuth logs in every way that 1.x has. TestInfluxDB2Auth does so on InfluxDB 2.
func TestAuth(t *testing.T) {
	later := time.Now().Add(time.Hour)
	tests := []struct {
		name    string
		options fastclient.Options
		ok      func(*Server) bool
	}{
		{"basic", fastclient.Options{Username: "root", Password: fastclient.NewSecret("pw")}, nil},
		{"parameters", fastclient.Options{Username: "root", Password: fastclient.NewSecret("pw"), QueryAuth: true}, nil},
		{"jwt", fastclient.Options{Token: fastclient.NewSecret(jwt("root", later)), BearerAuth: true}, nil},
		{"jwt source", fastclient.Options{TokenSource: func(context.Context) (string, error) { return jwt("root", later), nil }, BearerAuth: true}, nil},
		{"token", fastclient.Options{Token: fastclient.NewSecret("root:pw")}, hasToken},
		{"none", fastclient.Options{}, refused},
		{"wrong password", fastclient.Options{Username: "root", Password: fastclient.NewSecret("hunter2")}, refused},
		{"wrong password, parameters", fastclient.Options{Username: "root", Password: fastclient.NewSecret("hunter2"), QueryAuth: true}, refused},
		{"wrong user", fastclient.Options{Username: "nobody", Password: fastclient.NewSecret("pw")}, refused},
		{"expired jwt", fastclient.Options{Token: fastclient.NewSecret(jwt("root", time.Now().Add(-time.Hour))), BearerAuth: true}, refused},
		{"foreign jwt", fastclient.Options{Token: fastclient.NewSecret(jwt("root", later) + "A"), BearerAuth: true}, refused},
	}
	cfg := Config{Auth: true, SharedSecret: secret}
	eachServer1(t, cfg, func(t *testing.T, s *Server) {
		setUpAuth(t, s)
		for _, tt := range tests {
			for _, netHTTP := range []bool{false, true} {
				name, o := tt.name, tt.options
				if netHTTP {
					name += ", nethttp"
					o.HTTPClient = &http.Client{}
				}
				t.Run(name, func(t *testing.T) {
					c := newClient(t, s, o).WithDatabase("auth")
					_, queryErr := admin.ShowDatabases(t.Context(), c)
					writeErr := c.Write(t.Context(), []byte("m f=1i 1\n"))
					for _, err := range []error{queryErr, writeErr} {
						if tt.ok == nil || tt.ok(s) {
							if err != nil {
								t.Error(err)
							}
							continue
						}
						if e, ok := errors.AsType[*fastclient.ServerError](err); !ok || e.Status != 401 || !errors.Is(err, fastclient.ErrUnauthorized) || fastclient.Retryable(err) {
							t.Errorf("%v, want 401", err)
						}
						if err != nil && strings.Contains(err.Error(), "hunter2") {
							t.Errorf("the error shows the password: %v", err)
						}
					}
				})
			}
		}
	})
}

func refused(*Server) bool { return false }

// setUpAuth makes the first user, and checks the error of a request before that.
func setUpAuth(t *testing.T, s *Server) {
	t.Helper()
	ctx := t.Context()
	c := newClient(t, s, fastclient.Options{Database: "auth"})
	if _, err := admin.ShowDatabases(ctx, c); !errors.Is(err, fastclient.ErrForbidden) {
		t.Errorf("before the first user: %v, want 403", err)
	}
	if err := admin.CreateUser(ctx, c, "root", "pw", true); err != nil {
		t.Fatal(err)
	}
	root := newClient(t, s, fastclient.Options{Username: "root", Password: fastclient.NewSecret("pw")})
	if err := root.CreateDatabase(ctx, "auth"); err != nil {
		t.Fatal(err)
	}
}

// TestUsers checks users without all privileges. InfluxDB 2 has no statements for users,
// see TestInfluxDB2Statements.
func TestUsers(t *testing.T) {
	eachServer1(t, Config{Auth: true}, func(t *testing.T, s *Server) {
		setUpAuth(t, s)
		ctx := t.Context()
		root := newClient(t, s, fastclient.Options{Username: "root", Password: fastclient.NewSecret("pw"), Database: "auth"})
		const name, password = `re"ad\er é`, `p'w\"; DROP USER root; --`
		if err := admin.CreateUser(ctx, root, name, password, false); err != nil {
			t.Fatal(err)
		}
		if err := admin.Grant(ctx, root, admin.PrivilegeRead, "auth", name); err != nil {
			t.Fatal(err)
		}
		users, err := admin.ShowUsers(ctx, root)
		if want := []admin.User{{Name: "root", Admin: true}, {Name: name}}; err != nil || fmt.Sprint(users) != fmt.Sprint(want) {
			t.Errorf("users %v, want %v: %v", users, want, err)
		}
		grants, err := admin.ShowGrants(ctx, root, name)
		if want := []admin.UserGrant{{Database: "auth", Privilege: admin.PrivilegeRead}}; err != nil || fmt.Sprint(grants) != fmt.Sprint(want) {
			t.Errorf("grants %v, want %v: %v", grants, want, err)
		}

		reader := newClient(t, s, fastclient.Options{Username: name, Password: fastclient.NewSecret(password), Database: "auth"})
		if rows := raws(t, reader, "SELECT * FROM m"); len(rows) != 0 {
			t.Errorf("rows %v", rows)
		}
		if err := reader.Write(ctx, []byte("m f=1i 1\n")); !errors.Is(err, fastclient.ErrForbidden) || fastclient.Retryable(err) {
			t.Errorf("write of a reader: %v, want 403", err)
		}
		if err := reader.CreateDatabase(ctx, "mine"); !errors.Is(err, fastclient.ErrForbidden) {
			t.Errorf("statement for administrators: %v, want 403", err)
		}
		if err := admin.SetPassword(ctx, root, name, "other"); err != nil {
			t.Fatal(err)
		}
		if _, err := rawsAndError(t, reader, "SELECT * FROM m"); !errors.Is(err, fastclient.ErrUnauthorized) {
			t.Errorf("with the old password: %v, want 401", err)
		}
		if err := admin.Revoke(ctx, root, admin.PrivilegeRead, "auth", name); err != nil {
			t.Error(err)
		}
		if err := admin.GrantAdmin(ctx, root, name); err != nil {
			t.Error(err)
		}
		if err := admin.RevokeAdmin(ctx, root, name); err != nil {
			t.Error(err)
		}
		if err := admin.DropUser(ctx, root, name); err != nil {
			t.Error(err)
		}
		if users, err := admin.ShowUsers(ctx, root); err != nil || len(users) != 1 {
			t.Errorf("users %v, want only root: %v", users, err)
		}
	})
}

// TestV2Endpoint writes to /api/v2/write, which 1.8 has and 1.6 does not. On InfluxDB 2 the
// tests of every client do so, and TestInfluxDB2Bucket.
func TestV2Endpoint(t *testing.T) {
	cfg := Config{Auth: true}
	eachServer1(t, cfg, func(t *testing.T, s *Server) {
		setUpAuth(t, s)
		ctx := t.Context()
		root := newClient(t, s, fastclient.Options{Username: "root", Password: fastclient.NewSecret("pw"), Database: "auth"})
		c := newClient(t, s, fastclient.Options{API: fastclient.V2, Token: fastclient.NewSecret("root:pw"), Bucket: "auth/autogen", Org: "ignored"})
		err := c.Write(ctx, []byte("v2 f=1i 1500000000\n"), fastclient.WritePrecision(fastclient.Second))
		if !hasToken(s) {
			if e, ok := errors.AsType[*fastclient.ServerError](err); !ok || e.Status != 404 && e.Status != 401 {
				t.Errorf("a server without the endpoint: %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := raws(t, root, "SELECT f FROM v2"); fmt.Sprint(got) != "[[1500000000000000000 1]]" {
			t.Errorf("stored %v", got)
		}
		c = newClient(t, s, fastclient.Options{API: fastclient.V2, Token: fastclient.NewSecret("root:pw"), Database: "auth"})
		if err := c.Write(ctx, []byte("v2 f=2i 2\n")); err != nil {
			t.Errorf("with a database for a bucket: %v", err)
		}
		if got := raws(t, root, "SELECT f FROM v2"); fmt.Sprint(got) != "[[2 2] [1500000000000000000 1]]" {
			t.Errorf("stored %v", got)
		}
		err = c.Write(ctx, []byte("bad\n"))
		if e, ok := errors.AsType[*fastclient.ServerError](err); !ok || e.Status != 400 || !strings.Contains(e.Message, "unable to parse 'bad'") {
			t.Errorf("bad line: %v", err)
		}
		if err := c.WithDatabase("missing").Write(ctx, []byte("m f=1i 1\n")); !errors.Is(err, fastclient.ErrNotFound) {
			t.Errorf("missing bucket: %v", err)
		}
	})
}
