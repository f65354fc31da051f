package influxtest

import (
	"bytes"
	"net"
	"strconv"
	"sync"
)

// NewSink starts a server that reads requests with a Content-Length and responds to each
// with 204, without allocating. It returns its host:port.
func NewSink(tb TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("influxtest: %v", err)
	}
	var wg sync.WaitGroup
	tb.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { sink(c) })
		}
	})
	return l.Addr().String()
}

var (
	headEnd   = []byte("\r\n\r\n")
	lengthKey = []byte("Content-Length: ")
	noContent = []byte("HTTP/1.1 204 No Content\r\nX-Influxdb-Version: 1.8.10\r\n\r\n")
)

func sink(c net.Conn) {
	defer c.Close()
	buf := make([]byte, 256<<10)
	have := 0
	for {
		n, err := c.Read(buf[have:])
		if err != nil {
			return
		}
		have += n
		end := bytes.Index(buf[:have], headEnd)
		if end < 0 {
			continue
		}
		body := have - end - len(headEnd)
		for want := contentLength(buf[:end]); body < want; body += n {
			if n, err = c.Read(buf); err != nil {
				return
			}
		}
		if _, err := c.Write(noContent); err != nil {
			return
		}
		have = 0
	}
}

func contentLength(head []byte) int {
	i := bytes.Index(head, lengthKey)
	if i < 0 {
		return 0
	}
	v := head[i+len(lengthKey):]
	if end := bytes.IndexByte(v, '\r'); end >= 0 {
		v = v[:end]
	}
	n, _ := strconv.Atoi(string(v))
	return n
}
