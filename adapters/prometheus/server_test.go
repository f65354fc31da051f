package pwprometheus_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/lp"
)

// A server accepts every write and keeps its lines.
type server struct {
	*httptest.Server
	mu    sync.Mutex
	lines []string
}

func newServer() *server {
	s := new(server)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/write" {
			http.Error(w, "not a write", http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		for line := range strings.Lines(string(body)) {
			s.lines = append(s.lines, strings.TrimSuffix(line, "\n"))
		}
		s.mu.Unlock()
		w.Header().Set("X-Influxdb-Version", "1.8.10")
		w.WriteHeader(http.StatusNoContent)
	}))
	return s
}

// taken returns the lines and forgets them.
func (s *server) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := s.lines
	s.lines = nil
	return lines
}

// openWriter returns a writer that sends uncompressed batches to the server, and its client.
func openWriter(url string, o batch.Options) (*fastclient.Client, *batch.Writer) {
	c, err := fastclient.New(fastclient.Options{Addr: url, Database: "mydb"})
	if err != nil {
		log.Fatal(err)
	}
	w, err := batch.NewWriter(c, o)
	if err != nil {
		log.Fatal(err)
	}
	return c, w
}

// replacing writes what line protocol cannot carry in a changed form.
var replacing = batch.Options{Encoder: lp.Options{Text: lp.TextReplace}}
