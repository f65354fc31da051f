package fastclient

import (
	"errors"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
)

// TestBucketErrors checks what sends nothing, and what no server of buckets would say.
// Real servers are asked in itest.
func TestBucketErrors(t *testing.T) {
	const home = `{"orgs":[{"id":"1","name":"home"}]}`
	for _, tt := range []struct {
		name    string
		o       Options
		b       Bucket
		replies []influxtest.Reply
		field   string // of an OptionError, else it is a ServerError
	}{
		{"another API", Options{}, Bucket{Name: "b"}, nil, "API"},
		{"no organization", Options{API: V2}, Bucket{Name: "b"}, nil, "Org"},
		{"no name", Options{API: V2, Org: "home"}, Bucket{}, nil, "Bucket"},
		{"half a second", Options{API: V2, Org: "home"}, Bucket{Name: "b", Retention: time.Hour + time.Second/2}, nil, "Bucket"},
		{"before now", Options{API: V2, Org: "home"}, Bucket{Name: "b", ShardDuration: -time.Hour}, nil, "Bucket"},
		{"every organization", Options{API: V2, Org: "nobody"}, Bucket{Name: "b"}, []influxtest.Reply{influxtest.JSON(home)}, "Org"},
		{"a page", Options{API: V2, Org: "home"}, Bucket{Name: "b"}, []influxtest.Reply{influxtest.Body(200, "<html>")}, ""},
		{"not allowed", Options{API: V2, Org: "home"}, Bucket{Name: "b"}, []influxtest.Reply{influxtest.JSON(home), influxtest.Error(403, "no")}, ""},
	} {
		s := influxtest.New(t, tt.replies...)
		err := client(t, s, tt.o).CreateBucket(t.Context(), tt.b)
		var option *OptionError
		var server *ServerError
		if tt.field != "" && (!errors.As(err, &option) || option.Field != tt.field) || tt.field == "" && !errors.As(err, &server) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if n := len(s.Requests()); tt.replies == nil && n != 0 {
			t.Errorf("%s: %d requests", tt.name, n)
		}
	}
}

// TestDatabasesOfInfluxDB2 checks that only a client for V2 makes a bucket in place of a
// database, and that a bucket which exists is no error.
func TestDatabasesOfInfluxDB2(t *testing.T) {
	no := influxtest.JSON(`{"results":[{"statement_id":0,"error":"not implemented: CREATE DATABASE"}]}`)
	org := influxtest.JSON(`{"orgs":[{"id":"1","name":"home"}]}`)
	s := influxtest.New(t, no)
	var query *QueryError
	if err := client(t, s, Options{}).CreateDatabase(t.Context(), "d"); !errors.As(err, &query) || len(s.Requests()) != 1 {
		t.Errorf("V1: %v", err)
	}
	s.Play(no, org, influxtest.Body(422, `{"code":"conflict","message":"bucket with name d already exists"}`), org, influxtest.JSON(`{"buckets":[{"id":"2","name":"d"}]}`))
	if err := client(t, s, Options{API: V2, Org: "home"}).CreateDatabase(t.Context(), "d"); err != nil {
		t.Errorf("V2: %v", err)
	}
	s.Play(no, org, influxtest.Body(422, `{"code":"unprocessable entity","message":"no"}`), org, influxtest.Error(404, "bucket not found"))
	if err := client(t, s, Options{API: V2, Org: "home"}).CreateDatabase(t.Context(), "d"); err == nil {
		t.Error("another 422 is taken for a bucket that exists")
	}
}
