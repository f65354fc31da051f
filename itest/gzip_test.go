package itest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/deflate"
	"github.com/pointwire/pointwire/internal/workload/bodies"
)

// gzipStart is the time of the first marked point, in milliseconds.
const gzipStart = 1700000000000

// A gzipBody is a body of line protocol of one kind. Some of its lines are marked points:
// their measurement is "mark", and no two have the same time.
type gzipBody struct {
	kind  string
	lines []byte
}

// gzipBodies returns bodies of all kinds in random order, of 1 to 3,000 lines and up to
// about 1 MB, and the fields of the marked points by time in milliseconds.
func gzipBodies(t *testing.T) (list []gzipBody, marks map[int64]int64) {
	t.Helper()
	n := 40
	if s := os.Getenv("POINTWIRE_GZIP_BODIES"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	lines := map[string][][]byte{}
	var kinds []string
	for _, k := range bodies.Kinds {
		all, err := k.Lines(6000, 1)
		if errors.Is(err, bodies.ErrNoCounters) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		lines[k.Name] = bodies.Split(all, 1)
		kinds = append(kinds, k.Name)
	}
	r := rand.New(rand.NewPCG(20, 20))
	marks = map[int64]int64{}
	for i := range n {
		b := gzipBody{kind: kinds[r.IntN(len(kinds))]}
		most := []int{1, 3, 10, 30, 100, 300, 1000, 3000}[i%8]
		at := r.IntN(6000 - most)
		for _, line := range lines[b.kind][at : at+most] {
			if len(b.lines) > 1<<20 {
				break
			}
			if b.lines = append(b.lines, line...); r.IntN(4) == 0 || most == 1 {
				ts, v := gzipStart+int64(len(marks)), r.Int64N(1<<40)
				marks[ts] = v
				b.lines = fmt.Appendf(b.lines, "mark,body=%d n=%di,s=\"%x\" %d000000\n", i, v, v, ts)
			}
		}
		list = append(list, b)
	}
	return list, marks
}

// sendBodies writes all bodies compressed, with one client for each kind.
func sendBodies(t *testing.T, list []gzipBody, clients func(kind string) *fastclient.Client) {
	t.Helper()
	made := map[string]*fastclient.Client{}
	for i, b := range list {
		if made[b.kind] == nil {
			made[b.kind] = clients(b.kind)
		}
		if err := made[b.kind].Write(t.Context(), b.lines); err != nil {
			t.Fatalf("body %d, %d bytes of %s: %v", i, len(b.lines), b.kind, err)
		}
	}
}

// TestGzipBodies has servers decompress bodies of all kinds and sizes, compressed at the
// default level, and checks that every marked point is stored as written.
// POINTWIRE_GZIP_BODIES is the number of bodies for each server, 40 by default.
func TestGzipBodies(t *testing.T) {
	list, marks := gzipBodies(t)
	compressed := fastclient.Compression{Always: true, MinBytes: 1}
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		start := time.Now()
		c := newClient(t, s, fastclient.Options{Compression: compressed})
		clients := map[string]*fastclient.Client{}
		sendBodies(t, list, func(kind string) *fastclient.Client {
			clients[kind] = createDatabase(t, s, c, "gzip_"+kind)
			return clients[kind]
		})
		found := 0
		for kind, c := range clients {
			for _, row := range raws(t, c, "SELECT n, s FROM mark", fastclient.Epoch(fastclient.Millisecond)) {
				ts, _ := strconv.ParseInt(row[0], 10, 64)
				n, ok := marks[ts]
				if !ok || row[1] != strconv.FormatInt(n, 10) || row[2] != fmt.Sprintf("%q", strconv.FormatInt(n, 16)) {
					t.Fatalf("%s: %s, want %d", kind, row, n)
				}
				found++
			}
		}
		if found != len(marks) {
			t.Errorf("%d of %d points", found, len(marks))
		}
		stats := c.Stats()
		t.Logf("%d bodies, %d bytes, of which %d on the wire, %d marked points read back, %v", len(list), stats.RawBytes, stats.WireBytes, found, time.Since(start))
	})
	t.Run("victoriametrics", func(t *testing.T) {
		addr := startVictoria(t)
		c, err := fastclient.New(fastclient.Options{Addr: "http://" + addr, Database: "ignored", Compression: compressed})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		sendBodies(t, list, func(string) *fastclient.Client { return c })
		got := exported(t, addr, "mark_n")
		for ts, n := range marks {
			if got[ts] != float64(n) {
				t.Fatalf("%v at %d, want %d", got[ts], ts, n)
			}
		}
		t.Logf("%d bodies, %d marked points read back of %d", len(list), len(got), len(marks))
	})
}

// TestGzipTools has gzip, and zlib through Python, decompress each of the same bodies.
func TestGzipTools(t *testing.T) {
	list, _ := gzipBodies(t)
	var e deflate.Encoder
	var plain, compressed, framed []byte
	for _, b := range list {
		plain = append(plain, b.lines...)
		at := len(compressed)
		compressed = e.AppendGzip(compressed, b.lines)
		framed = binary.LittleEndian.AppendUint32(framed, uint32(len(compressed)-at))
		framed = append(framed, compressed[at:]...)
	}
	const each = `
import sys, zlib
p = memoryview(sys.stdin.buffer.read())
while p:
    n = 4 + int.from_bytes(p[:4], "little")
    d = zlib.decompressobj(31)
    sys.stdout.buffer.write(d.decompress(p[4:n]))
    assert d.eof and not d.unused_data
    p = p[n:]
`
	for _, tool := range []struct {
		in      []byte
		want    []byte
		command []string
	}{
		{compressed, nil, []string{"gzip", "-t"}},
		{compressed, plain, []string{"gzip", "-dc"}},
		{framed, plain, []string{"python3", "-c", each}},
	} {
		t.Run(strings.Join(tool.command[:2], " "), func(t *testing.T) {
			path, err := exec.LookPath(tool.command[0])
			if err != nil {
				t.Skip(err)
			}
			var out, said bytes.Buffer
			cmd := exec.Command(path, tool.command[1:]...)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(tool.in), &out, &said
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v: %s", err, said.String())
			}
			if !bytes.Equal(out.Bytes(), tool.want) {
				t.Errorf("%d bytes, want %d, or they differ", out.Len(), len(tool.want))
			}
			t.Logf("%d bodies, %d bytes from %d", len(list), len(plain), len(compressed))
		})
	}
}
