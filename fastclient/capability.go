package fastclient

import (
	"context"
	"errors"
	"strings"

	"github.com/valyala/fastjson"
)

// Capabilities are what a server was found to have by asking for it.
type Capabilities struct {
	Pong
	// Health is set if there is a /health, and Healthy if it says pass.
	Health, Healthy bool
	// V1, V2 and V3 are set if there is the write endpoint of that version.
	V1, V2, V3 bool
}

// Capabilities asks the server what it has: /ping and /health, and the write
// endpoints by a GET, which writes nothing and which a server that has them
// refuses otherwise than one that has not. It does not look at the version: a
// server built from source calls itself "unknown", and VictoriaMetrics 1.8.0.
//
// What answers has to show that it is a database, at /ping or at the endpoint itself:
// a login page, a proxy and another service have nothing.
func (c *Client) Capabilities(ctx context.Context) (Capabilities, error) {
	var k Capabilities
	ping, err := c.get(ctx, "/ping")
	if err != nil {
		return k, err
	}
	// Version 3 tells a GET of its write endpoint from an unknown path by
	// nothing, but its ping by a body.
	three := fastjson.Exists(ping.body, "revision") || fastjson.Exists(ping.body, "process_id")
	known := ping.signed || three
	if known || len(ping.body) == 0 {
		k.Pong = ping.pong
	}
	health, err := c.get(ctx, "/health")
	status := fastjson.GetString(health.body, "status")
	switch {
	case err == nil:
		k.Health = status != "" && (known || fastjson.GetString(health.body, "name") == "influxdb") ||
			known && string(health.body) == "OK"
		k.Healthy = k.Health && (status == "pass" || string(health.body) == "OK")
	case errors.Is(err, ErrUnavailable):
		k.Health = known || !isForeign(err)
	case !isAnswer(err):
		return k, err
	}
	for _, v := range [...]struct {
		path string
		has  *bool
	}{{"/write", &k.V1}, {"/api/v2/write", &k.V2}, {"/api/v3/write_lp", &k.V3}} {
		page, err := c.get(ctx, v.path)
		if err != nil && !isAnswer(err) {
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

func isAnswer(err error) bool { return errors.As(err, new(*ServerError)) }

// isForeign reports whether nothing shows that err, an answer, came from a database.
func isForeign(err error) bool {
	var server *ServerError
	return errors.As(err, &server) && server.Foreign
}

// unsupportedPath knows the 400 by which VictoriaMetrics refuses a path.
func unsupportedPath(err error) bool {
	var server *ServerError
	return errors.As(err, &server) && server.Status == 400 && strings.Contains(server.Message, "unsupported path")
}

// A page is a small answer.
type page struct {
	pong         Pong
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
