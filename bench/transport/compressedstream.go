package transport

import (
	"bufio"
	"bytes"
	stdgzip "compress/gzip"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/jsonscan"
)

// The case compressed-stream reads a compressed response of trades from the sink and visits
// its rows. Its base reads the connection directly, with klauspost/compress and our
// scanner. A client with the same parts would cost a little more than that.

const (
	compressedCase = "compressed-stream"
	klauspostName  = "bare-klauspost"
	fastGzip       = "github.com/klauspost/compress"
	// acceptGzip is the header line that asks the sink for the compressed response.
	acceptGzip = "Accept-Encoding: gzip\r\n"
)

// compressedStream returns the response of trades, plain and as influxd compresses it.
var compressedStream = sync.OnceValue(func() (b struct{ plain, compressed []byte }) {
	body, _ := workload.FindBody("trade")
	b.plain = body.Make(1, 0)
	var compressed bytes.Buffer
	z := stdgzip.NewWriter(&compressed)
	z.Write(b.plain) // a bytes.Buffer returns no error
	z.Close()
	b.compressed = compressed.Bytes()
	return b
})

func sendCompressedStream(w io.Writer) error {
	body := compressedStream().compressed
	head := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n"
	_, err := io.WriteString(w, head)
	if err == nil {
		_, err = w.Write(body)
	}
	return err
}

var compressedStreamers = []streamMaker{
	{klauspostName, fastGzip, klauspostStream},
	{ownName, ownModule, func(addr string) (streamer, func(), error) { return ownStream(addr, fastclient.ResponsesGzip) }},
	{ownName + "-pipelined", ownModule, func(addr string) (streamer, func(), error) { return ownStream(addr, fastclient.ResponsesPipelined) }},
	{netName, "", func(addr string) (streamer, func(), error) {
		return netStream(addr, &http.Transport{}) // net/http decompresses the body
	}},
}

// klauspostStream opens a connection and decompresses it with klauspost/compress.
func klauspostStream(addr string) (streamer, func(), error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, nil, err
	}
	request := "POST /query HTTP/1.1\r\nHost: " + addr + "\r\n" + acceptGzip + "Content-Length: " + strconv.Itoa(len(queryText)) + "\r\n\r\n" + queryText
	r := bufio.NewReaderSize(conn, 64<<10)
	s := jsonscan.NewScanner(nil)
	z := new(gzip.Reader)
	return func(look func()) (int, error) {
		if _, err := io.WriteString(conn, request); err != nil {
			return 0, err
		}
		left, err := bodyLength(r)
		if err != nil {
			return 0, err
		}
		body := bufio.NewReaderSize(io.LimitReader(r, left), 16) // has ReadByte, so gzip adds no buffer
		if err := z.Reset(body); err != nil {
			return 0, err
		}
		s.Reset(z)
		return countRows(s, look)
	}, func() { conn.Close() }, nil
}
