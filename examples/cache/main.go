// Cache prints the rows of a query. It keeps the response on disk, compressed with zstd, so
// that it needs no server the second time.
//
//	go run ./examples/cache -url 'http://127.0.0.1:8086?database=hostmon' \
//		'SELECT mean("idle") FROM "cpu" WHERE time > now() - 1h GROUP BY time(1m)'
//
// A response depends on the server, the database, the retention policy, the unit of its
// times, the exact text of the query and its parameters. All of them are in the key as they
// are, capitals and spaces included. A response is kept only if it was read to its end and
// holds no error, and it is used for as long as -age says.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/jsonscan"
)

func main() {
	url := flag.String("url", "http://127.0.0.1:8086", "server and database")
	dir := flag.String("dir", filepath.Join(os.TempDir(), "pointwire-cache"), "directory of the cache")
	age := flag.Duration("age", time.Hour, "how long a response is good for")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: cache [flags] 'SELECT …'")
		os.Exit(2)
	}
	if err := run(*url, *dir, *age, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "cache:", err)
		os.Exit(1)
	}
}

func run(url, dir string, age time.Duration, q string) error {
	client, err := fastclient.Open(url)
	if err != nil {
		return err
	}
	defer client.Close()
	c := &cache{client: client, server: client.String(), dir: dir, age: age}
	body, cached, err := c.query(context.Background(), query{Text: q, Epoch: fastclient.Nanosecond})
	if err != nil {
		return err
	}
	s := jsonscan.NewScanner(bytes.NewReader(body))
	rows := 0
	for row, err := range s.Rows() {
		if err != nil {
			return err
		}
		for i := range row.Len() {
			fmt.Printf("%s ", row.Raw(i))
		}
		fmt.Println()
		rows++
	}
	fmt.Printf("%d rows, cached: %v\n", rows, cached)
	return nil
}

// A query is everything that a response depends on, except the server.
type query struct {
	Text            string
	Database        string // empty for that of the client, with its retention policy
	RetentionPolicy string
	Epoch           fastclient.Precision
	Params          map[string]string
}

// options returns q as options of a call.
func (q *query) options() []fastclient.QueryOption {
	list := []fastclient.QueryOption{fastclient.Epoch(q.Epoch)}
	if q.Database != "" { // an empty one would drop the client's retention policy
		list = append(list, fastclient.Database(q.Database))
	}
	if q.RetentionPolicy != "" {
		list = append(list, fastclient.RetentionPolicy(q.RetentionPolicy))
	}
	for name, value := range q.Params {
		list = append(list, fastclient.Param(name, value))
	}
	return list
}

// A cache keeps the responses of one server as files.
type cache struct {
	client *fastclient.Client
	server string // its name in the key, with the client's database and retention policy
	dir    string
	age    time.Duration
}

// key returns the name of the file for q: a hash of everything that the response depends
// on, as JSON, so that different queries have different texts.
func (c *cache) key(q query) (string, error) {
	text, err := json.Marshal(struct {
		Server string
		Query  query
	}{c.server, q})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return filepath.Join(c.dir, hex.EncodeToString(sum[:])+".json.zst"), nil
}

// query returns the body of the response to q, and whether it came from the disk.
func (c *cache) query(ctx context.Context, q query) (body []byte, cached bool, err error) {
	name, err := c.key(q)
	if err != nil {
		return nil, false, err
	}
	if body, err := c.load(name); err == nil {
		return body, true, nil
	}
	r, err := c.client.QueryRaw(ctx, q.Text, q.options()...)
	if err != nil {
		return nil, false, err
	}
	defer r.Close()
	if body, err = io.ReadAll(r); err != nil {
		return nil, false, err
	}
	if err := complete(body); err != nil {
		return body, false, nil // the caller sees the error in it; it is not kept
	}
	return body, false, c.store(name, body)
}

// complete returns an error if body is truncated, malformed or holds an error.
func complete(body []byte) error {
	s := jsonscan.NewScanner(bytes.NewReader(body))
	for s.Next() {
	}
	return s.Err()
}

var errOld = errors.New("too old")

// load reads and decompresses a file that is not older than the cache allows.
func (c *cache) load(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if time.Since(info.ModTime()) > c.age {
		return nil, errOld
	}
	compressed, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	d, err := zstd.NewReader(nil)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.DecodeAll(compressed, nil) // with a checksum: a damaged file is an error
}

// store compresses body into a file, which appears whole or not at all.
func (c *cache) store(name string, body []byte) error {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	e, err := zstd.NewWriter(nil)
	if err != nil {
		return err
	}
	defer e.Close()
	f, err := os.CreateTemp(c.dir, "new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the file was renamed
	_, err = f.Write(e.EncodeAll(body, nil))
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
