package whole

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
)

// TestContenders checks what each client wrote and read, with a server; without one each is
// skipped.
func TestContenders(t *testing.T) {
	list, err := cases(0.01, func(string) bool { return true })
	if err != nil || len(list) != 2 {
		t.Fatal(len(list), err)
	}
	server := os.Getenv("POINTWIRE_SERVER") != ""
	for _, c := range list {
		for _, op := range c.Ops {
			if op.Skip != "" {
				if server && !strings.Contains(op.Skip, "reads") {
					t.Errorf("%s, %s: %s", c.Name, op.Contender, op.Skip)
				}
				continue
			}
			if !server {
				t.Errorf("%s, %s runs without a server", c.Name, op.Contender)
				continue
			}
			if err := op.Check(); err != nil {
				t.Errorf("%s, %s: %v", c.Name, op.Contender, err)
			}
			if n, err := op.Extra(); err != nil || n < 5 || n > 500 {
				t.Errorf("%s, %s: %v bytes on the wire, %v", c.Name, op.Contender, n, err)
			}
		}
		if c.Close != nil {
			c.Close()
		}
	}
}

// TestSame finds a point that is missing and one that differs, in any order.
func TestSame(t *testing.T) {
	trades := workload.Trades(100, 1)
	got := slices.Clone(trades)
	slices.Reverse(got)
	if err := same(got, trades); err != nil {
		t.Error(err)
	}
	if err := same(got[1:], trades); !errors.Is(err, measure.ErrWrong) {
		t.Errorf("a point is missing: %v", err)
	}
	got[7].Price++
	if err := same(got, trades); !errors.Is(err, measure.ErrWrong) {
		t.Errorf("a point differs: %v", err)
	}
}

// TestProxy counts the bytes of a request and of its response.
func TestProxy(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, strings.Repeat("x", 3000))
	}))
	defer s.Close()
	p, err := newProxy(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	resp, err := http.Post("http://"+p.addr(), "text/plain", strings.NewReader(strings.Repeat("y", 1000)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	if sent, received := p.sent.Load(), p.received.Load(); sent < 1000 || sent > 1500 || received < 3000 || received > 3500 {
		t.Errorf("%d bytes sent, %d received", sent, received)
	}
}
