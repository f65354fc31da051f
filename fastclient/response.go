package fastclient

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/complaint"
	"github.com/pointwire/pointwire/internal/backoff"
	"github.com/pointwire/pointwire/internal/inflate"
	"github.com/pointwire/pointwire/internal/msgpack"
	"github.com/pointwire/pointwire/internal/transport"
)

// This file turns a response into an error: responseError reads the body within bounds,
// takes the message out of the forms that servers use, and says whether a database sent
// it at all.
//
// Invariants: memory does not depend on what the body holds, only on errorBodyBytes; the
// body is read before its time is over; a text that a server quotes decides nothing but
// what complaint.Read makes of it.

// Bounds of what is read and kept of an error response. InfluxDB 1.x and 3 quote every
// bad line in it: there is space for a batch of 10,000 lines of 200 bytes.
const (
	errorBodyBytes = 4 << 20
	errorLines     = 10_000
)

// responseError turns a response that is no success into a *ServerError or a
// *PartialWriteError, and closes it. limit is the time for its body. With words the error
// keeps the whole text. Its texts show nothing of hidden.
func responseError(op string, resp *transport.Response, words bool, limit time.Duration, hidden *hidden) error {
	body, truncated := errorBody(resp, limit)
	e := &ServerError{
		Op: op, Status: resp.Status, Truncated: truncated,
		Foreign:       !signed(resp, body),
		RequestID:     first(resp.Header("X-Request-Id"), resp.Header("Request-Id")),
		ServerVersion: resp.Header("X-Influxdb-Version"),
		RetryAfter:    retryAfter(resp.Header("Retry-After"), time.Now()),
	}
	if resp.Status >= 300 && resp.Status < 400 {
		if u, err := url.Parse(resp.Header("Location")); err == nil {
			e.Location = u.Host
		}
	}
	e.read(body)
	if e.Message == "" {
		e.Message = resp.Header("X-Influxdb-Error")
	}
	if e.Message == "" && resp.Status < 300 {
		e.Message = "the response does not acknowledge a write"
	}
	if e.Message == "" {
		e.Message = http.StatusText(resp.Status)
	}
	if op == "write" {
		e.findPartial() // in the whole message
	}
	e.hide(words, hidden)
	resp.Close()
	if e.Partial {
		return &PartialWriteError{Server: e, Dropped: e.Dropped, Lines: e.Lines}
	}
	return e
}

// hide takes what is hidden out of the texts that are shown, and keeps the server's.
func (e *ServerError) hide(whole bool, hidden *hidden) {
	s := &said{message: e.Message, lines: e.Lines, hidden: hidden}
	if !whole {
		s.message = complaint.Clip(e.Message)
	}
	e.said = &s
	e.Message = complaint.Clip(hidden.in(e.Message))
	for _, s := range []*string{&e.Code, &e.RequestID, &e.ServerVersion} {
		*s = hidden.in(*s)
	}
	if len(hidden.texts) == 0 {
		return
	}
	e.Lines = slices.Clone(e.Lines)
	for i := range e.Lines {
		l := &e.Lines[i]
		l.Message, l.Text = hidden.in(l.Message), hidden.in(l.Text)
	}
}

func errorBody(resp *transport.Response, limit time.Duration) (body []byte, truncated bool) {
	if resp.Stream == nil {
		body, truncated = decompress(resp, resp.Body)
		return body, truncated || resp.Truncated
	}
	// A response that breaks off is still the server's refusal, and so is one that drips
	// until its time is over.
	if limit > 0 {
		timer := time.AfterFunc(limit, func() { resp.Stream.Close() })
		defer timer.Stop()
	}
	body, _ = io.ReadAll(io.LimitReader(resp.Stream, errorBodyBytes+1))
	if len(body) > errorBodyBytes {
		body, truncated = body[:errorBodyBytes], true
	}
	body, cut := decompress(resp, body)
	return body, truncated || cut
}

// decompress returns the decompressed body of a response, at most errorBodyBytes of it.
// cut reports that there was more, or something that cannot be read.
func decompress(resp *transport.Response, body []byte) (plain []byte, cut bool) {
	switch strings.ToLower(resp.Header("Content-Encoding")) {
	case "", "identity":
		return body, false
	case "gzip", "x-gzip":
	default:
		return nil, true
	}
	plain, err := inflate.AppendGunzip(nil, body, errorBodyBytes)
	return plain, err != nil
}

// read takes the message out of the forms that servers use. The form of the body decides,
// not its content type: a 404 of InfluxDB is text, and a 204 calls itself JSON.
func (e *ServerError) read(body []byte) {
	if len(body) > 0 && body[0]>>4 == 8 { // a map of MessagePack, and not UTF-8
		e.Message = strings.ToValidUTF8(msgpack.StringMember(body, "error"), "\ufffd")
		return
	}
	text := strings.TrimSpace(string(body))
	if !strings.HasPrefix(text, "{") {
		if !strings.HasPrefix(text, "<") { // a page of a proxy says less than its status
			e.Message = text
		}
		return
	}
	d, ok := complaint.ReadDocument(body, errorLines)
	if !ok {
		e.Message = text
		return
	}
	e.Message = first(d.Error, d.Message, d.Err)
	e.Code, e.Line = d.Code, d.Line
	e.Truncated = e.Truncated || d.More
	for _, f := range d.Faults {
		e.Lines = append(e.Lines, LineError{Line: f.Line, Message: f.Message, Text: f.Text})
	}
}

// findPartial sets Partial and Dropped. Only 400 and 422 report that part of the lines
// was stored; version 3 reports it by its list.
func (e *ServerError) findPartial() {
	if e.Status != 400 && e.Status != 422 {
		return
	}
	c := complaint.Read(e.Message)
	switch c.Kind {
	case complaint.Beyond, complaint.Dropped, complaint.Listed, complaint.Queued:
		e.Partial = true
	case complaint.Unparsed:
		e.Partial = c.Stored
	}
	e.Dropped = c.Dropped
	if len(e.Lines) > 0 && e.Dropped == 0 {
		e.Dropped = len(e.Lines)
	}
}

// retryAfter reads both forms of the header: seconds and a date.
func retryAfter(s string, now time.Time) time.Duration {
	var d time.Duration
	if n, err := strconv.ParseUint(s, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		d = time.Duration(min(n, uint64(backoff.RetryAfterMax/time.Second))) * time.Second
	} else if t, err := http.ParseTime(s); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), backoff.RetryAfterMax)
}

func first(s ...string) string {
	for _, v := range s {
		if v != "" {
			return v
		}
	}
	return ""
}

// Proxies, gateways and login pages may respond in place of a server. A response without
// any sign of a database refuses nothing for good. The signs:
//
//	InfluxDB 1.x     X-Influxdb-Version on every response, {"error":…}
//	InfluxDB 2.x     X-Platform-Error-Code, {"code":…,"message":…}
//	InfluxDB 3       {"error":…} with data or without, {"code":…,"message":…}
//	openGemini       X-Geminidb-Version on every response
//	VictoriaMetrics  X-Influxdb-Version on responses to writes; before that,
//	                 text that begins with remoteAddr: "…"; requestURI: /…
//	QuestDB          {"code":…,"message":…,"line":…,"errorId":…}
//	Telegraf         X-Influxdb-Version, {"error":…} or {"code":…,"message":…}
//	TDengine         {"code":…,"err":…,"line":…,"message":…,"op":…}
var signHeaders = [...]string{
	"X-Influxdb-Version", "X-Influxdb-Build", "X-Influxdb-Error", "X-Platform-Error-Code",
	"X-Geminidb-Version", "X-Geminidb-Build",
}

// signed reports whether a response with this decompressed body came from a database.
func signed(resp *transport.Response, body []byte) bool {
	for _, name := range signHeaders {
		if resp.HasHeader(name) {
			return true
		}
	}
	text := bytes.TrimSpace(body)
	if len(text) == 0 {
		return false
	}
	if text[0] != '{' {
		rest, ok := strings.CutPrefix(string(text), `remoteAddr: "`)
		if !ok {
			return false
		}
		_, rest, ok = strings.Cut(rest, `"; requestURI: `)
		return ok && strings.HasPrefix(strings.TrimPrefix(rest, `"`), "/")
	}
	d, ok := complaint.ReadDocument(text, 0)
	return ok && d.Database
}

// acknowledges reports whether a response says that the server stored a write: 204, or
// 200 or 202 with an empty body or an empty object.
func acknowledges(resp *transport.Response) bool {
	switch resp.Status {
	case 204:
		return true
	case 200, 202:
		if len(resp.Body) == 0 {
			return true
		}
		body, cut := decompress(resp, resp.Body)
		body = bytes.TrimSpace(body)
		return !cut && (len(body) == 0 || string(body) == "{}")
	}
	return false
}
