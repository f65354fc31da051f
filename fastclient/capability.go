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
func (c *Client) Capabilities(ctx context.Context) (Capabilities, error) {
	var k Capabilities
	ping, err := c.get(ctx, "/ping")
	if err != nil {
		return k, err
	}
	k.Pong = ping.pong
	if health, err := c.get(ctx, "/health"); err == nil {
		k.Health = true
		k.Healthy = fastjson.GetString(health.body, "status") == "pass" || string(health.body) == "OK"
	} else if errors.Is(err, ErrUnavailable) {
		k.Health = true
	} else if !isAnswer(err) {
		return k, err
	}
	for _, v := range [...]struct {
		path string
		has  *bool
	}{{"/write", &k.V1}, {"/api/v2/write", &k.V2}, {"/api/v3/write_lp", &k.V3}} {
		_, err := c.get(ctx, v.path)
		if err != nil && !isAnswer(err) {
			return k, err
		}
		*v.has = !errors.Is(err, ErrNotFound) && !unsupportedPath(err)
	}
	// Version 3 tells a GET of its write endpoint from an unknown path by
	// nothing, but its ping by a body.
	if fastjson.Exists(ping.body, "revision") || fastjson.Exists(ping.body, "process_id") {
		k.V1, k.V2, k.V3 = true, true, true
	}
	return k, nil
}

func isAnswer(err error) bool { return errors.As(err, new(*ServerError)) }

// unsupportedPath knows the 400 by which VictoriaMetrics refuses a path.
func unsupportedPath(err error) bool {
	var server *ServerError
	return errors.As(err, &server) && server.Status == 400 && strings.Contains(server.Message, "unsupported path")
}

// A page is a small answer.
type page struct {
	pong Pong
	body []byte
}

// get fetches a path.
func (c *Client) get(ctx context.Context, path string) (page, error) {
	p, err := c.ping(ctx, path)
	if err != nil {
		return page{}, err
	}
	defer p.resp.Close()
	return page{pong: p.pong(), body: append([]byte(nil), p.resp.Body...)}, nil
}
