package docs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/lp"
)

func Example_decode() {
	// begin decode
	lines := []byte(`cpu\ load,host=a\,b value=0.64,cores=8i,up=t,note="say \"hi\"" 1257894000000000000
mem free=
mem free=4096i
`)
	for p, err := range lp.Points(lines) {
		if err != nil {
			fmt.Println(err) // an *lp.SyntaxError; the next point follows
			continue
		}
		fmt.Printf("line %d: %s", p.Line(), p.Measurement())
		for i := range p.NumTags() {
			key, value := p.Tag(i)
			fmt.Printf(" %s=%s", key, value)
		}
		for i := range p.NumFields() {
			key, value := p.Field(i)
			switch value.Kind() {
			case lp.FloatField:
				fmt.Printf(" %s=%v", key, value.Float())
			case lp.IntField:
				fmt.Printf(" %s=%d", key, value.Int())
			case lp.UintField:
				fmt.Printf(" %s=%d", key, value.Uint())
			case lp.BoolField:
				fmt.Printf(" %s=%t", key, value.Bool())
			case lp.StringField:
				fmt.Printf(" %s=%q", key, value.Bytes())
			}
		}
		if ts, ok := p.Timestamp(); ok {
			fmt.Print(" at ", time.Unix(0, ts).UTC())
		}
		fmt.Println()
	}
	// end
	// Output:
	// line 1: cpu load host=a,b value=0.64 cores=8 up=true note="say \"hi\"" at 2009-11-10 23:00:00 +0000 UTC
	// lp: line 2, column 9: missing field value in "mem free="
	// line 3: mem free=4096
}

func Example_decoder() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin decoder
		w, err := batch.NewWriter(c, batch.Options{})
		if err != nil {
			return err
		}
		// Any io.Reader.
		input := strings.NewReader("a v=1 1257894000\r\nb v=2 1257894001\r\nb v=\r\n")
		var d lp.Decoder // for the next input: d.Reset and d.ResetReader keep its memory
		d.SetOptions(lp.DecoderOptions{Precision: lp.Second, TrimCR: true, MaxLine: 64 << 10})
		d.ResetReader(input)
		refused := 0
		for {
			p, err := d.Next()
			var wrong *lp.SyntaxError
			if err == io.EOF {
				break
			} else if errors.As(err, &wrong) {
				refused++
				continue
			} else if err != nil {
				return err // of the reader
			}
			if err := w.AppendPoints(ctx, p); err != nil { // in nanoseconds
				return err
			}
		}
		fmt.Println(refused, "refused")
		if err := w.Close(ctx); err != nil {
			return err
		}
		// end
		return nil
	})
	fmt.Print(string(s.Last().Body))
	// Output:
	// 1 refused
	// a v=1 1257894000000000000
	// b v=2 1257894001000000000
}

func Example_lint() {
	// begin lint
	lines := []byte("cpu,host=a value=0.64 1\ncpu,host value=0.64 1\ncpu,host=a time=1 1\n")
	for e := range lp.Lint(lines) {
		fmt.Printf("line %d, byte %d: %v\n", e.Line, e.Offset, e.Rule)
	}
	fmt.Println(errors.Is(lp.Valid(lines), lp.RuleNoTagValue)) // the first line that is refused
	// end
	// Output:
	// line 2, byte 32: missing tag value
	// line 3, byte 57: reserved key "time"
	// true
}

func Example_relay() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin relay
		w, err := batch.NewWriter(c, batch.Options{})
		if err != nil {
			return err
		}
		defer w.Close(ctx) // sends what is left
		http.HandleFunc("POST /write", func(rw http.ResponseWriter, r *http.Request) {
			lines, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, 25_000_000))
			if err != nil {
				http.Error(rw, err.Error(), http.StatusRequestEntityTooLarge)
				return
			}
			if err := lp.Valid(lines); err != nil {
				http.Error(rw, err.Error(), http.StatusBadRequest)
				return
			}
			ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
			defer cancel()
			if err := w.Append(ctx, lines); err != nil { // waits for room
				rw.Header().Set("Retry-After", "1")
				http.Error(rw, err.Error(), http.StatusServiceUnavailable)
				return
			}
			rw.WriteHeader(http.StatusNoContent) // the Writer has the lines
		})
		// end
		for _, body := range []string{"m v=\n", "m v=1 1\n"} {
			response := httptest.NewRecorder()
			http.DefaultServeMux.ServeHTTP(response, httptest.NewRequest("POST", "/write", strings.NewReader(body)))
			fmt.Print(response.Code, " ", response.Body)
		}
		return w.Close(ctx)
	})
	fmt.Print(string(s.Last().Body))
	// Output:
	// 400 lp: line 1, column 4: missing field value in "m v="
	// 204 m v=1 1
}
