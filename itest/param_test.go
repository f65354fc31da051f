package itest

import (
	"fmt"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
)

// TestParams binds values of every kind.
func TestParams(t *testing.T) {
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		c := createDatabase(t, s, newClient(t, s, fastclient.Options{}), "params")
		writeLines(t, c, "my\\ cpu,host=a/b load=0.5,n=4i,up=true 10\nmy\\ cpu,host=b load=1.5,n=9i,up=false 7200000000010\n")
		for _, tt := range []struct {
			q    string
			opts []fastclient.QueryOption
			want string
		}{
			{`SELECT n FROM "my cpu" WHERE host = $v`, []fastclient.QueryOption{fastclient.Param("v", "a/b")}, "[[10 4]]"},
			{`SELECT n FROM "my cpu" WHERE n > $v`, []fastclient.QueryOption{fastclient.Param("v", uint64(4))}, "[[7200000000010 9]]"},
			{`SELECT n FROM "my cpu" WHERE load < $v`, []fastclient.QueryOption{fastclient.Param("v", 1.0)}, "[[10 4]]"},
			{`SELECT n FROM "my cpu" WHERE up = $v`, []fastclient.QueryOption{fastclient.Param("v", true)}, "[[10 4]]"},
			{`SELECT n FROM "my cpu" WHERE time > $v`, []fastclient.QueryOption{fastclient.Param("v", time.Unix(0, 10))}, "[[7200000000010 9]]"},
			{`SELECT $f FROM $m WHERE host =~ $re`, []fastclient.QueryOption{
				fastclient.ParamIdent("f", "n"), fastclient.ParamIdent("m", "my cpu"), fastclient.ParamRegex("re", "^a/"),
			}, "[[10 4]]"},
			{`SELECT sum(n) FROM "my cpu" WHERE time >= 0 AND time < 3h GROUP BY time($d)`, []fastclient.QueryOption{fastclient.Param("d", 2*time.Hour)},
				"[[0 4] [7200000000000 9]]"},
		} {
			if got := fmt.Sprint(raws(t, c, tt.q, tt.opts...)); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.q, got, tt.want)
			}
		}
	})
}
