package fastclient

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"time"
)

// This file makes and drops the buckets of InfluxDB 2, which has no statements for
// databases: by its API of JSON documents, in the organization of the client.

// A Bucket is where InfluxDB 2 keeps points. The bucket db/rp is the retention policy rp of
// the database db for queries in InfluxQL, and db its default one.
type Bucket struct {
	Name        string
	Description string
	// Retention is how long points are kept, 0 for ever; the server takes an hour at
	// least, in whole seconds. ShardDuration is the time that one shard covers, 0 for
	// the server's choice.
	Retention     time.Duration
	ShardDuration time.Duration
}

// CreateBucket creates a bucket in the organization of the client, whose API must be [V2].
// The token must be allowed to. One that exists is a *[ServerError] with status 422.
func (c *Client) CreateBucket(ctx context.Context, b Bucket) error {
	if b.Retention < 0 || b.ShardDuration < 0 || b.Retention%time.Second != 0 || b.ShardDuration%time.Second != 0 {
		return &OptionError{"Bucket", "has a duration that is negative or not in whole seconds"}
	}
	org, err := c.bucketOrg(ctx, b.Name)
	if err != nil {
		return err
	}
	type rule struct {
		Type  string `json:"type"`
		Every int64  `json:"everySeconds"`
		Shard int64  `json:"shardGroupDurationSeconds,omitempty"`
	}
	return c.api(ctx, "create bucket", "POST", "/api/v2/buckets", map[string]any{
		"orgID": org, "name": b.Name, "description": b.Description,
		"retentionRules": []rule{{"expire", int64(b.Retention / time.Second), int64(b.ShardDuration / time.Second)}},
	}, nil)
}

// createBucket creates a bucket unless it exists.
func (c *Client) createBucket(ctx context.Context, name string) error {
	err := c.CreateBucket(ctx, Bucket{Name: name})
	var server *ServerError
	if !errors.As(err, &server) || server.Status != 422 {
		return err
	}
	// 422 has other causes, too.
	if id, lookup := c.bucketID(ctx, name); lookup != nil || id == "" {
		return err
	}
	return nil
}

// dropBucket deletes a bucket if it exists.
func (c *Client) dropBucket(ctx context.Context, name string) error {
	id, err := c.bucketID(ctx, name)
	if err != nil || id == "" {
		return err
	}
	err = c.api(ctx, "drop bucket", "DELETE", "/api/v2/buckets/"+url.PathEscape(id), nil, nil)
	if errors.Is(err, ErrNotFound) { // somebody else was faster
		return nil
	}
	return err
}

// bucketID returns the id of a bucket, empty if there is none.
func (c *Client) bucketID(ctx context.Context, name string) (string, error) {
	org, err := c.bucketOrg(ctx, name)
	if err != nil {
		return "", err
	}
	var list struct{ Buckets []struct{ ID, Name string } }
	err = c.api(ctx, "find bucket", "GET", "/api/v2/buckets?"+url.Values{"orgID": {org}, "name": {name}}.Encode(), nil, &list)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for _, b := range list.Buckets {
		if b.Name == name {
			return b.ID, nil
		}
	}
	return "", nil
}

// bucketOrg returns the id of the organization of the client, or says why there can be no
// bucket of that name.
func (c *Client) bucketOrg(ctx context.Context, name string) (string, error) {
	switch {
	case c.o.API != V2:
		return "", &OptionError{"API", "is not V2: other servers have no buckets"}
	case c.o.Org == "":
		return "", &OptionError{"Org", "is missing"}
	case name == "":
		return "", &OptionError{"Bucket", "is empty"}
	}
	for _, key := range []string{"org", "orgID"} { // Options.Org may be a name or an id
		var list struct{ Orgs []struct{ ID, Name string } }
		err := c.api(ctx, "find org", "GET", "/api/v2/orgs?"+url.Values{key: {c.o.Org}}.Encode(), nil, &list)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return "", err
		}
		for _, o := range list.Orgs { // all of them if the server cannot read the id
			if o.Name == c.o.Org || o.ID == c.o.Org {
				return o.ID, nil
			}
		}
	}
	return "", &OptionError{"Org", "is no organization that the credentials show"}
}

// api sends in as JSON, nil for nothing, and reads the response into out.
func (c *Client) api(ctx context.Context, op, method, path string, in, out any) error {
	one := call{op: op, path: []byte(path), policy: c.o.Retry, idempotent: method != "POST"}
	one.req.Method, one.req.Accept = method, "application/json"
	if in != nil {
		var err error
		if one.req.Body, err = json.Marshal(in); err != nil {
			return err
		}
		one.req.ContentType, one.raw = "application/json", len(one.req.Body)
	}
	if err := c.do(ctx, &one); err != nil {
		return err
	}
	defer one.resp.Close()
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(one.resp.Body, out); err != nil {
		return &ServerError{Op: op, Status: one.resp.Status, Message: "the response is not the expected JSON"}
	}
	return nil
}
