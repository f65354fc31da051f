package fastclient

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/complaint"
)

// A PingResult is the response of a server to a ping.
type PingResult struct {
	// Version is what the server says of itself: one built from source says "unknown". Do
	// not decide by it what the server can do; see [Client.Capabilities].
	Version string
	Build   string // such as OSS; empty for many compatible servers
	Took    time.Duration
}

// Ping asks the server whether it is there. Any status but a success is a
// *[ServerError]. A server that has no /ping below the base path of its address is asked at
// the root.
func (c *Client) Ping(ctx context.Context) (PingResult, error) {
	p, err := c.ping(ctx, "/ping")
	if err != nil {
		return PingResult{}, err
	}
	defer p.resp.Close()
	return p.pong(), nil
}

// A pingCall is a GET of a path, with its response.
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
	err := c.do(ctx, &p.call)
	if path == "/ping" && (errors.Is(err, ErrNotFound) || unsupportedPath(err)) {
		// VictoriaMetrics has its write endpoints below /influx, and /ping at the root.
		p.root = true
		err = c.do(ctx, &p.call)
	}
	if err != nil {
		return nil, err
	}
	p.took = time.Since(start)
	return p, nil
}

func (p *pingCall) pong() PingResult {
	return PingResult{
		Version: first(p.resp.Header("X-Influxdb-Version"), p.resp.Header("X-Geminidb-Version")),
		Build:   first(p.resp.Header("X-Influxdb-Build"), p.resp.Header("X-Geminidb-Build")),
		Took:    p.took,
	}
}

// Capabilities are what a server was found to have.
type Capabilities struct {
	PingResult
	// Health is set if there is a /health, and Healthy if it says pass.
	Health, Healthy bool
	// V1, V2 and V3 are set if the server has the write endpoint of that version.
	V1, V2, V3 bool
}

// Capabilities finds out what the server has: /ping, /health, and the write endpoints.
// Those get a GET, which writes nothing, and which a server that has the endpoint refuses
// in another way than one that has not. The version decides nothing: a server built from
// source calls itself "unknown", and VictoriaMetrics says 1.8.0.
//
// The response must show that it comes from a database, at /ping or at the endpoint
// itself: a login page, a proxy or another service has none of these.
func (c *Client) Capabilities(ctx context.Context) (Capabilities, error) {
	var k Capabilities
	ping, err := c.get(ctx, "/ping")
	if err != nil {
		return k, err
	}
	// Version 3 responds to a GET of its write endpoint as to one of an unknown path, but
	// to a ping with a body.
	three := complaint.HasMember(ping.body, "revision") || complaint.HasMember(ping.body, "process_id")
	known := ping.signed || three
	if known || len(ping.body) == 0 {
		k.PingResult = ping.pong
	}
	health, err := c.get(ctx, "/health")
	status := complaint.TextMember(health.body, "status")
	switch {
	case err == nil:
		k.Health = status != "" && (known || complaint.TextMember(health.body, "name") == "influxdb") ||
			known && string(health.body) == "OK"
		k.Healthy = k.Health && (status == "pass" || string(health.body) == "OK")
	case errors.Is(err, ErrUnavailable):
		k.Health = known || !isForeign(err)
	case !isResponse(err):
		return k, err
	}
	for _, v := range [...]struct {
		path string
		has  *bool
	}{{"/write", &k.V1}, {"/api/v2/write", &k.V2}, {"/api/v3/write_lp", &k.V3}} {
		page, err := c.get(ctx, v.path)
		if err != nil && !isResponse(err) {
			return k, err
		}
		switch {
		case err == nil:
			*v.has = page.acknowledges && (known || page.signed)
		case errors.Is(err, ErrNotFound), unsupportedPath(err):
		default:
			*v.has = known || !isForeign(err)
		}
	}
	if three {
		k.V1, k.V2, k.V3 = true, true, true
	}
	return k, nil
}

func isResponse(err error) bool { return errors.As(err, new(*ServerError)) }

// isForeign reports whether err is a response that does not show that it came from a
// database.
func isForeign(err error) bool {
	var server *ServerError
	return errors.As(err, &server) && server.Foreign
}

// unsupportedPath recognises the 400 by which VictoriaMetrics refuses a path.
func unsupportedPath(err error) bool {
	var server *ServerError
	return errors.As(err, &server) && server.Status == 400 && strings.Contains(server.text(), "unsupported path")
}

// A page is a small response.
type page struct {
	pong         PingResult
	body         []byte
	signed       bool // it came from a database
	acknowledges bool // it says what acknowledges a write
}

// get fetches a path.
func (c *Client) get(ctx context.Context, path string) (page, error) {
	p, err := c.ping(ctx, path)
	if err != nil {
		return page{}, err
	}
	defer p.resp.Close()
	return page{
		pong: p.pong(), body: append([]byte(nil), p.resp.Body...),
		signed: signed(&p.resp, p.resp.Body), acknowledges: acknowledges(&p.resp),
	}, nil
}
