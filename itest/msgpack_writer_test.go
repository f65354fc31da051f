package itest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/influxdb/models"
	influxquery "github.com/influxdata/influxdb/query"
	"github.com/influxdata/influxdb/services/httpd"

	"github.com/pointwire/pointwire/jsonscan"
)

// TestMessagePackWriter makes random responses, has 1.8.10's own code print each in both
// forms, and compares what is read from them. They hold what no query would bring together:
// values of any type in any column, names of any bytes, many tags, marks and errors
// anywhere.
func TestMessagePackWriter(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	rows := 0
	for range 3000 {
		docs := 1 + r.IntN(4)
		var text, packed bytes.Buffer
		statement := 0
		for range docs {
			response := randomResponse(r, &statement)
			for accept, b := range map[string]*bytes.Buffer{"application/json": &text, "application/x-msgpack": &packed} {
				rec := httptest.NewRecorder()
				req := httptest.NewRequest("POST", "/query", nil)
				req.Header.Set("Accept", accept)
				if _, err := httpd.NewResponseWriter(rec, req).WriteResponse(response); err != nil || rec.Code != http.StatusOK {
					t.Fatal(err, rec.Code)
				}
				b.Write(rec.Body.Bytes())
			}
		}
		p, j := jsonscan.NewScanner(&packed), jsonscan.NewScanner(&text)
		p.MessagePack = true
		before := bytes.Clone(packed.Bytes())
		n, err := comparePackedScanners(p, j)
		if err != nil {
			t.Fatalf("seed %d: %v\n%q", seed, err, before)
		}
		rows += n
	}
	if rows < 10_000 {
		t.Errorf("only %d rows", rows)
	}
}

// randomResponse returns a document of a response, whose first result continues statement.
func randomResponse(r *rand.Rand, statement *int) (response httpd.Response) {
	for range r.IntN(4) {
		result := &influxquery.Result{StatementID: *statement}
		*statement++
		if r.IntN(6) == 0 {
			result.Err = errors.New("e" + packedText(r))
			response.Results = append(response.Results, result)
			continue
		}
		for range r.IntN(3) * r.IntN(2) {
			result.Messages = append(result.Messages, &influxquery.Message{Level: "warning", Text: packedText(r)})
		}
		for range r.IntN(4) {
			result.Series = append(result.Series, randomSeries(r))
		}
		response.Results = append(response.Results, result)
	}
	return response
}

func randomSeries(r *rand.Rand) *models.Row {
	s := &models.Row{Partial: r.IntN(4) == 0, Columns: []string{"time"}, Values: [][]any{}}
	if r.IntN(4) > 0 {
		s.Name = packedText(r)
	}
	if r.IntN(2) == 0 {
		s.Tags = map[string]string{}
		for range 1 + r.IntN(20) {
			key := strings.ToValidUTF8(packedText(r), "") // JSON has keys in the order of their bytes
			s.Tags[fmt.Sprint(key, r.IntN(50))] = packedText(r)
		}
	}
	for range r.IntN(20) {
		s.Columns = append(s.Columns, packedText(r))
	}
	for range r.IntN(12) {
		row := make([]any, len(s.Columns))
		for i := range row {
			row[i] = randomCell(r)
		}
		s.Values = append(s.Values, row)
	}
	return s
}

func randomCell(r *rand.Rand) any {
	switch r.IntN(8) {
	case 0:
		return nil
	case 1:
		return r.IntN(2) == 0
	case 2:
		return int64(r.Uint64()) >> r.IntN(64)
	case 3:
		return r.Uint64() >> r.IntN(64)
	case 4:
		if v := math.Float64frombits(r.Uint64()); v-v == 0 {
			return v
		}
		return math.Copysign(0, -1)
	case 5:
		return float64(r.IntN(2000)-1000) / float64(int(1)<<r.IntN(8))
	case 6:
		return time.Unix(r.Int64N(8e9)-4e9, r.Int64N(1e9)>>r.IntN(30)).UTC()
	}
	return packedText(r)
}

// packedText returns a text that is often empty, long, or not UTF-8.
func packedText(r *rand.Rand) string {
	parts := []string{"a", "cpu load", "\"\\", "\x00\x1f\n\r\t\b\f", "<&>", "é", "日本", "\U0001f600", "\xff", "\xed\xa0\x80", "\u2028\u2029\ufffd", "xxxxxxxxxxxxxxxx"}
	text := ""
	for range r.IntN(4) * r.IntN(6) {
		text += parts[r.IntN(len(parts))]
	}
	return text
}
