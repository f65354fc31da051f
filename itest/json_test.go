package itest

import (
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/fastclient"
)

// TestJSONAsSent compares the tree of a chunked response with the response that the
// server sends without chunks: nothing is missing, and a statement is one statement.
func TestJSONAsSent(t *testing.T) {
	onServers(t, func(t *testing.T, s *Server, c *fastclient.Client) {
		if err := c.Write(t.Context(), []byte("m,a=x,b=z f=1 1\nm,a=y f=2 2\nn,q=y f=2 2\nn,q=z f=3 3\ndup,d=tag d=1,e=5 1\n")); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			q          string
			statements int
		}{
			{"SHOW TAG KEYS; SHOW DATABASES", 2},
			{"SHOW DATABASES; SHOW TAG KEYS", 2},
			{"SHOW TAG KEYS; SHOW TAG KEYS", 2},
			{"SHOW TAG VALUES WITH KEY IN (a, b, q); SHOW FIELD KEYS; SHOW SERIES", 3},
			{"SELECT f FROM missing; SHOW TAG KEYS", 2},
			{"SHOW CONTINUOUS QUERIES; SHOW TAG KEYS", 2},
			{"SELECT * FROM m GROUP BY *; SELECT f FROM n; SELECT f FROM n", 3},
			{"SELECT * FROM dup GROUP BY d; SELECT * FROM dup; SELECT d::tag, d::field FROM dup", 3},
			{"SHOW USERS", 1},
			{"SHOW TAG KEYS; SHOW USERS; SHOW TAG KEYS", 3},
		} {
			if is2(s) && (strings.Contains(tt.q, "SHOW USERS") || strings.Contains(tt.q, "SHOW CONTINUOUS")) {
				continue // InfluxDB 2 refuses these two
			}
			sent := must[io.ReadCloser](t)(c.QueryRaw(t.Context(), tt.q, fastclient.Unchunked()))
			var want any
			if err := json.NewDecoder(sent).Decode(&want); err != nil {
				t.Fatal(err)
			}
			sent.Close()
			for _, chunk := range []int{0, 1, 2} {
				r := must[*fastclient.Result](t)(c.Query(t.Context(), tt.q, fastclient.Chunked(chunk)))
				tree, err := r.JSON()
				if err != nil {
					t.Fatalf("%s: %v", tt.q, err)
				}
				var got any
				if err := json.Unmarshal(tree.MarshalTo(nil), &got); err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s in chunks of %d:\n%v\nwant\n%v", tt.q, chunk, got, want)
				}
				r = must[*fastclient.Result](t)(c.Query(t.Context(), tt.q, fastclient.Chunked(chunk)))
				n := 0
				for v, err := range r.Statements() {
					if err != nil || v.GetInt("statement_id") != n {
						t.Errorf("%s: statement %d is %v, %v", tt.q, n, v, err)
					}
					n++
				}
				if n != tt.statements || r.Scanner().Statements() != tt.statements {
					t.Errorf("%s in chunks of %d: %d statements, %d by the scanner, want %d", tt.q, chunk, n, r.Scanner().Statements(), tt.statements)
				}
			}
		}
	})
}
