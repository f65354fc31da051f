package sink

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
)

// A Keeper is a server in this process that keeps the body of the first request.
type Keeper struct {
	server *http.Server
	l      net.Listener
	got    chan kept
}

type kept struct {
	body []byte
	err  error
}

// Keep starts a Keeper.
func Keep() *Keeper {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	k := &Keeper{l: l, got: make(chan kept, 1)}
	k.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := plainBody(r)
		select {
		case k.got <- kept{body, err}:
		default:
		}
		w.WriteHeader(http.StatusNoContent)
	})}
	go k.server.Serve(l)
	return k
}

// Addr returns host:port.
func (k *Keeper) Addr() string { return k.l.Addr().String() }

// Close ends the server.
func (k *Keeper) Close() { k.server.Close() }

// Body returns the body that arrived first, decompressed.
func (k *Keeper) Body() ([]byte, error) {
	select {
	case g := <-k.got:
		return g.body, g.err
	default:
		return nil, errors.New("no request arrived")
	}
}

// plainBody returns the body of a request, decompressed.
func plainBody(r *http.Request) ([]byte, error) {
	switch e := r.Header.Get("Content-Encoding"); e {
	case "":
		return io.ReadAll(r.Body)
	case "gzip":
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, err
		}
		return io.ReadAll(z)
	default:
		return nil, fmt.Errorf("content encoding %q", e)
	}
}
