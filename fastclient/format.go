package fastclient

import (
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/pointwire/pointwire/internal/transport"
)

// This file chooses the form in which a server is asked to send rows, and recognises the
// form in which it did.
//
// Invariant: what a response is read as depends on its Content-Type alone. What was asked
// for decides nothing, because a server may not know MessagePack, or not want to send it.

// A ResponseFormat is the form in which a server is asked to send rows.
//
// A server prints JSON more slowly than this package reads it. InfluxDB 1.x and 2.x send
// MessagePack about twice as fast, from some hundred rows on. The rows are the same, with
// these differences:
//
//   - A float without a fraction is [jsonscan.KindFloat], and in JSON an integer.
//   - Infinite values arrive. In JSON they make the server drop the whole response, or the
//     chunk.
//   - With [RFC3339], times are in UTC even if the query has a tz() clause, and
//     Row.Bytes prints them.
//   - A float of 1<<53 or more is exact for Row.Int. In JSON its digits may be rounded.
//   - The number of a failed statement is its place. In JSON InfluxDB 1.x repeats the
//     number of the first that failed.
type ResponseFormat uint8

// The formats.
const (
	// FormatJSON asks for JSON.
	FormatJSON ResponseFormat = iota
	// FormatMessagePack asks for MessagePack. A server that does not know it sends JSON,
	// which is then read.
	FormatMessagePack
	// FormatAuto asks a server for MessagePack after a response has shown that it is
	// InfluxDB 1.x or 2.x, and for JSON before that. A short-lived program may call
	// [Client.Ping] first.
	FormatAuto
)

// String returns json, messagepack or auto.
func (f ResponseFormat) String() string {
	if f > FormatAuto {
		return "invalid"
	}
	return [...]string{"json", "messagepack", "auto"}[f]
}

const (
	mediaJSON      = "application/json"
	mediaMsgpack   = "application/x-msgpack"
	mediaJSONLines = "application/jsonl"
	mediaNDJSON    = "application/x-ndjson" // which proxies may call it
)

// dialect is whether a server sends MessagePack that this package reads.
type dialect uint32

const (
	dialectUnknown dialect = iota // no response yet
	dialectJSON
	dialectMsgpack
)

// spoken is the dialect of a server, learnt from its responses.
type spoken struct{ v atomic.Uint32 }

// accept returns the Accept header of a query in format f.
func (s *spoken) accept(f ResponseFormat) string {
	// Only the bare type: 1.6.7 sends JSON if both are acceptable.
	if f == FormatMessagePack || f == FormatAuto && dialect(s.v.Load()) == dialectMsgpack {
		return mediaMsgpack
	}
	return mediaJSON
}

// learn takes the dialect from a response. Responses to queries are looked at every time,
// because another server may have taken the place of the first.
func (s *spoken) learn(op string, resp *transport.Response) {
	if op == "write" && dialect(s.v.Load()) != dialectUnknown {
		return
	}
	d := dialectJSON
	if packs(resp.Header("X-Influxdb-Version"), resp.Header("X-Influxdb-Build")) {
		d = dialectMsgpack
	}
	s.v.Store(uint32(d))
}

// packs reports whether a server is InfluxDB 1.x or 2.x. InfluxDB 3 has another form of
// MessagePack. VictoriaMetrics and relays call themselves 1.x, but have no such build.
func packs(version, build string) bool {
	if build != "OSS" && build != "ENT" {
		return false
	}
	version = strings.TrimPrefix(version, "v")
	return strings.HasPrefix(version, "1.") || strings.HasPrefix(version, "2.")
}

// isMsgpack reports whether a response is MessagePack.
func isMsgpack(resp *transport.Response) bool { return media(resp) == mediaMsgpack }

// media returns the media type of a response, without its parameters.
func media(resp *transport.Response) string {
	media, _, _ := strings.Cut(resp.Header("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// isJSONLines reports whether a response may be jsonl. Only one that says to be something
// else is not: that of another server, or of a proxy.
func isJSONLines(resp *transport.Response) bool {
	switch media(resp) {
	case "", mediaJSONLines, mediaNDJSON:
		return true
	}
	return false
}

// notJSONLines closes a response that is not jsonl, and returns its error.
func notJSONLines(resp *transport.Response) error {
	e := &ServerError{Op: "query", Status: resp.Status, Foreign: !signed(resp, nil), ServerVersion: resp.Header("X-Influxdb-Version"),
		Message: "response is " + strconv.Quote(resp.Header("Content-Type")) + " in place of " + mediaJSONLines}
	resp.Close()
	return e
}
