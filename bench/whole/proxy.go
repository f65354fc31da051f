package whole

import (
	"io"
	"net"
	"sync/atomic"
)

// A proxy passes connections on and counts their bytes, as every client sends and
// receives them.
type proxy struct {
	listener       net.Listener
	sent, received atomic.Int64 // by the client
}

func newProxy(to string) (*proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: listener}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.pass(client, to)
		}
	}()
	return p, nil
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

func (p *proxy) close() { p.listener.Close() }

// pass ends when both sides are closed.
func (p *proxy) pass(client net.Conn, to string) {
	defer client.Close()
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		io.Copy(server, counter{client, &p.sent})
		server.(*net.TCPConn).CloseWrite()
	}()
	io.Copy(client, counter{server, &p.received})
}

// A counter counts what is read, before it is passed on.
type counter struct {
	io.Reader
	n *atomic.Int64
}

func (c counter) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n.Add(int64(n))
	return n, err
}
