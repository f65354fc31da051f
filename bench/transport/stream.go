package transport

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/pointwire/pointwire/bench/internal/sink"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/jsonscan"
)

// The case stream reads a response of 29 MB, in one document, from the sink and visits its
// rows. Its base reads the connection directly, and no client can do with less.

const (
	streamCase = "stream"
	bareName   = "bare"
)

// stream returns the body. It is the same in the sink and in this process.
var stream = sync.OnceValue(func() []byte {
	b, _ := workload.FindBody("cpugb")
	return b.Make(1, 0)
})

func sendStream(w io.Writer) error {
	body := stream()
	head := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n"
	_, err := io.WriteString(w, head)
	if err == nil {
		_, err = w.Write(body)
	}
	return err
}

// A streamer reads the response and returns the number of its rows. It calls look, if it
// is not nil, every lookRows rows.
type streamer func(look func()) (rows int, err error)

const lookRows = 1000

// A streamMaker makes a streamer that reads from the server at addr.
type streamMaker struct {
	name, module string
	make         func(addr string) (streamer, func(), error)
}

var streamers = []streamMaker{
	{ownName, ownModule, func(addr string) (streamer, func(), error) { return ownStream(addr, fastclient.ResponsesPlain) }},
	{bareName, "", bareStream},
	{netName, "", func(addr string) (streamer, func(), error) {
		return netStream(addr, &http.Transport{DisableCompression: true})
	}},
}

// newStreamCase makes a case of the response body. The base reads it with the least work
// possible.
func newStreamCase(name, base string, body []byte, makers []streamMaker) (measure.Case, error) {
	server, err := sink.Start()
	if err != nil {
		return measure.Case{}, err
	}
	want, err := countRows(jsonscan.NewScanner(bytes.NewReader(body)), nil)
	if err != nil {
		return measure.Case{}, err
	}
	c := measure.Case{Suite: suite, Name: name, Unit: "row", Units: want, Bytes: len(body), Base: base, CPU: true, Warm: true, ExtraUnit: heapUnit}
	closers := []func(){server.Close}
	c.Close = func() {
		for _, f := range closers {
			f()
		}
	}
	add := func(name, module string, make func(addr string) (streamer, func(), error)) error {
		read, end, err := make(server.Addr)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		closers = append([]func(){end}, closers...)
		check := func(read streamer, look func()) error {
			rows, err := read(look)
			if err == nil && rows != want {
				err = fmt.Errorf("%w: %d rows instead of %d", measure.ErrWrong, rows, want)
			}
			return err
		}
		run := func() error { return check(read, nil) }
		// This measurement uses a new client, so that the growth of the heap includes
		// the buffers of the transport.
		heap := func() (float64, error) {
			return measure.PeakHeap(func(look func()) error {
				read, end, err := make(server.Addr)
				if err != nil {
					return err
				}
				defer end()
				return check(read, look)
			})
		}
		c.Ops = append(c.Ops, measure.Op{Contender: name, Version: measure.Version(module), Check: run, Run: run, Extra: heap})
		return nil
	}
	for _, m := range makers {
		if err := add(m.name, m.module, m.make); err != nil {
			c.Close()
			return measure.Case{}, err
		}
	}
	return c, nil
}

func countRows(s *jsonscan.Scanner, look func()) (rows int, err error) {
	for s.Next() {
		if rows++; look != nil && rows%lookRows == 0 {
			look()
		}
	}
	return rows, s.Err()
}

// ownStream is Client.Query.
func ownStream(addr string, responses fastclient.ResponseCompression) (streamer, func(), error) {
	c, err := fastclient.New(fastclient.Options{
		Addr: "http://" + addr, Database: "testdb",
		Compression: fastclient.Compression{Responses: responses},
	})
	if err != nil {
		return nil, nil, err
	}
	return func(look func()) (rows int, err error) {
		r, err := c.Query(context.Background(), "SELECT * FROM cpu", fastclient.Unchunked())
		if err != nil {
			return 0, err
		}
		defer r.Close()
		return countRows(r.Scanner(), look)
	}, func() { c.Close() }, nil
}

const queryText = "db=testdb&epoch=ns&q=SELECT+*+FROM+cpu"

// bareStream opens a connection and reads it directly with the scanner.
func bareStream(addr string) (streamer, func(), error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, nil, err
	}
	request := "POST /query HTTP/1.1\r\nHost: " + addr + "\r\nContent-Length: " + strconv.Itoa(len(queryText)) + "\r\n\r\n" + queryText
	head := bufio.NewReaderSize(conn, 4096)
	s := jsonscan.NewScanner(nil)
	return func(look func()) (int, error) {
		if _, err := io.WriteString(conn, request); err != nil {
			return 0, err
		}
		head.Reset(conn)
		left, err := bodyLength(head)
		if err != nil {
			return 0, err
		}
		buffered, _ := head.Peek(head.Buffered())
		s.Reset(io.MultiReader(bytes.NewReader(buffered), io.LimitReader(conn, left-int64(len(buffered)))))
		return countRows(s, look)
	}, func() { conn.Close() }, nil
}

// bodyLength reads the header of a response and returns its Content-Length.
func bodyLength(r *bufio.Reader) (n int64, err error) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return 0, err
		}
		if value, ok := strings.CutPrefix(line, "Content-Length: "); ok {
			if n, err = strconv.ParseInt(strings.TrimSpace(value), 10, 64); err != nil {
				return 0, err
			}
		}
		if line == "\r\n" {
			return n, nil
		}
	}
}

// netStream is net/http with the same scanner.
func netStream(addr string, t *http.Transport) (streamer, func(), error) {
	c := &http.Client{Transport: t}
	s := jsonscan.NewScanner(nil)
	return func(look func()) (int, error) {
		resp, err := c.Post("http://"+addr+"/query", "application/x-www-form-urlencoded", strings.NewReader(queryText))
		if err != nil {
			return 0, err
		}
		defer resp.Body.Close()
		s.Reset(resp.Body)
		rows, err := countRows(s, look)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
		}
		return rows, err
	}, t.CloseIdleConnections, nil
}
