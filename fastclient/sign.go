package fastclient

import (
	"bytes"
	"strings"

	"github.com/pointwire/pointwire/internal/transport"
	"github.com/valyala/fastjson"
)

// Proxies, gateways and login pages answer in the place of a server. Nothing is
// refused for good because of an answer that bears no sign of a database. The signs:
//
//	InfluxDB 1.x     X-Influxdb-Version on every answer, {"error":…}
//	InfluxDB 2.x     X-Platform-Error-Code, {"code":…,"message":…}
//	InfluxDB 3       {"error":…} with data or without, {"code":…,"message":…}
//	openGemini       X-Geminidb-Version on every answer
//	VictoriaMetrics  X-Influxdb-Version on answers to writes; before that,
//	                 text that begins with remoteAddr: "…"; requestURI: /…
//	QuestDB          {"code":…,"message":…,"line":…,"errorId":…}
//	Telegraf         X-Influxdb-Version, {"error":…} or {"code":…,"message":…}
//	TDengine         {"code":…,"err":…,"line":…,"message":…,"op":…}
var signHeaders = [...]string{
	"X-Influxdb-Version", "X-Influxdb-Build", "X-Influxdb-Error", "X-Platform-Error-Code",
	"X-Geminidb-Version", "X-Geminidb-Build",
}

// signMembers are what the databases put into the object of an error.
var signMembers = [...]string{"error", "code", "message", "err", "op", "line", "data", "errorId"}

// signed reports whether an answer, whose unpacked body is given, came from a database.
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
	v, err := fastjson.ParseBytes(text)
	return err == nil && errorForm(v)
}

// errorForm reports whether v has the form in which databases put an error.
func errorForm(v *fastjson.Value) bool {
	o, err := v.Object()
	if err != nil {
		return false
	}
	foreign := false
	o.Visit(func(key []byte, _ *fastjson.Value) {
		known := false
		for _, m := range signMembers {
			known = known || m == string(key)
		}
		foreign = foreign || !known
	})
	text := func(key string) bool {
		v := o.Get(key)
		return v != nil && v.Type() == fastjson.TypeString
	}
	return !foreign && (text("error") || text("message") && o.Get("code") != nil)
}

// acknowledges reports whether a server says by an answer that it stored a write: 204
// without more, and 200 or 202 with nothing in it or an empty object.
func acknowledges(resp *transport.Response) bool {
	switch resp.Status {
	case 204:
		return true
	case 200, 202:
		if len(resp.Body) == 0 {
			return true
		}
		body, cut := unpack(resp, resp.Body)
		body = bytes.TrimSpace(body)
		return !cut && (len(body) == 0 || string(body) == "{}")
	}
	return false
}
