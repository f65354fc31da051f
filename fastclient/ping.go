package fastclient

import (
	"context"
	"time"
)

// A Pong is a server's answer to a ping.
type Pong struct {
	// Version is what the server says, in its words: a server built from source
	// says "unknown". It is not fit for deciding what the server can do.
	Version string
	Build   string // such as OSS; empty for many compatible servers
	Took    time.Duration
}

// Ping asks the server whether it is there. Any status but a success is a
// *[ServerError].
func (c *Client) Ping(ctx context.Context) (Pong, error) {
	p, err := c.ping(ctx, "/ping")
	if err != nil {
		return Pong{}, err
	}
	defer p.resp.Close()
	return p.pong(), nil
}

// A pingCall is a GET of a path, answered.
type pingCall struct {
	call
	took time.Duration
}

func (c *Client) ping(ctx context.Context, path string) (*pingCall, error) {
	p := &pingCall{call: call{op: "ping", path: []byte(path), policy: c.o.Retry, idempotent: true}}
	p.req.Method = "GET"
	if c.userURI != "" {
		p.path = append(append(p.path, '?'), c.userURI[1:]...)
	}
	start := time.Now()
	if err := c.do(ctx, &p.call); err != nil {
		return nil, err
	}
	p.took = time.Since(start)
	return p, nil
}

func (p *pingCall) pong() Pong {
	return Pong{
		Version: first(p.resp.Header("X-Influxdb-Version"), p.resp.Header("X-Geminidb-Version")),
		Build:   first(p.resp.Header("X-Influxdb-Build"), p.resp.Header("X-Geminidb-Build")),
		Took:    p.took,
	}
}
