package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/influxql"
	"github.com/pointwire/pointwire/internal/workload"
)

// recorded holds responses of InfluxDB 1.8.10 to the queries of a round trip of
// recordedTrades trades, gzip'ed. To record them anew:
//
//	go run ./cmd/lpbench roundtrip -trades 5000 -record cmd/lpbench/recorded
//
//go:embed recorded
var recorded embed.FS

// recordedTrades is the number of trades in the recorded response.
const recordedTrades = 5000

// withGzip sets the parameter of a client's URL that makes it pack what it
// writes, unless the URL says otherwise.
func withGzip(rawURL string) (string, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", errors.New("-url is not a URL") // the text may hold a password
	}
	q := u.Query()
	if !q.Has("gzip") {
		q.Set("gzip", "on")
		u.RawQuery = q.Encode()
	}
	return u.String(), nil
}

// record keeps the responses of the server as they came.
func record(ctx context.Context, c *fastclient.Client, kinds []kind, dir string) error {
	for _, k := range kinds {
		q := append([]byte("SELECT * FROM "), influxql.AppendIdent(nil, k.name())...)
		r, err := c.QueryRaw(ctx, string(q), fastclient.Chunked(10_000), fastclient.Epoch(fastclient.Nanosecond))
		if err != nil {
			return err
		}
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return err
		}
		_, err = io.Copy(z, r)
		if err := errors.Join(err, r.Close(), z.Close()); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, k.name()+".json.gz"), b.Bytes(), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// replay makes the round trip with a listener of this process that takes every
// write and gives the recorded responses.
func replay(ctx context.Context, c console, r *results.Report) error {
	url, stop, err := replayServer(recorded)
	if err != nil {
		return err
	}
	defer stop()
	client, err := open(url)
	if err != nil {
		return err
	}
	defer client.Close()
	fmt.Fprintf(c.out, "replaying %s recorded trades: the server is this process, its cost is in the figures\n\n", term.Number(recordedTrades))
	kinds := []kind{newPoints(workload.Trades(recordedTrades, 1))}
	legs, err := roundTrip(ctx, client.WithDatabase("lpbench"), kinds, c.out, c.progress)
	if err != nil {
		return err
	}
	return showTrip(c, kinds, legs, "replayed", r)
}

// replayServer serves the responses in files on a port of its own.
func replayServer(files fs.FS) (url string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/write", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("/ping", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Influxdb-Version", "1.8.10")
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("/query", func(w http.ResponseWriter, r *http.Request) {
		response, err := files.Open("recorded/Trade.json.gz")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer response.Close()
		z, err := gzip.NewReader(response)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Influxdb-Version", "1.8.10")
		io.Copy(w, z)
	})
	s := &http.Server{Handler: mux}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(listener)
	}()
	return "http://" + listener.Addr().String(), func() { s.Close(); <-done }, nil
}
