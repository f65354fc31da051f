package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// version is sent to clients that ask for the version of InfluxDB.
const version = "1.8-relay"

// handler serves all paths.
func (s *relay) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /write", s.write(v1))
	mux.HandleFunc("POST /api/v2/write", s.write(v2))
	mux.HandleFunc("/ping", ping)
	mux.HandleFunc("/health", s.health)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Influxdb-Version", version)
		w.Header().Set("X-Influxdb-Build", "relay")
		mux.ServeHTTP(w, r)
	})
}

// write returns the handler of one of the two write endpoints.
func (s *relay) write(a api) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := s.take(w, r, a); err != nil {
			a.refuse(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// take accepts one body. The error is a *refusal, or one of the relay itself.
func (s *relay) take(w http.ResponseWriter, r *http.Request, a api) error {
	q := r.URL.Query()
	if err := s.admit(r, q); err != nil {
		return err
	}
	p, err := a.precision(q)
	if err != nil {
		return err
	}
	if !slices.Contains([]string{"", "any", "one", "quorum", "all"}, q.Get("consistency")) {
		return &refusal{status: 400, message: "invalid consistency level"}
	}
	t, err := s.target(a, q)
	if err != nil {
		return err
	}
	b, err := s.room(r.Context())
	if err != nil {
		return t.busy(err)
	}
	defer s.free(b)
	if err := b.read(w, r, s.maxBody); err != nil {
		return err
	}
	return t.take(r.Context(), b, p)
}

// A refusal is a response other than success.
type refusal struct {
	status  int
	message string
	after   time.Duration // how long the client should wait
}

func (r *refusal) Error() string { return r.message }

// codes are the error codes of version 2 by status.
var codes = map[int]string{
	400: "invalid", 401: "unauthorized", 404: "not found", 413: "request too large",
	415: "unsupported media type", 500: "internal error", 503: "unavailable",
}

// refuse responds with err as InfluxDB does.
func (a api) refuse(w http.ResponseWriter, err error) {
	var no *refusal
	if !errors.As(err, &no) {
		no = &refusal{status: 500, message: err.Error()}
	}
	h := w.Header()
	if no.status == 401 {
		h.Set("WWW-Authenticate", `Basic realm="InfluxDB"`)
	}
	if no.after > 0 {
		h.Set("Retry-After", strconv.Itoa(int((no.after+time.Second-1)/time.Second)))
	}
	if a == v2 {
		h.Set("X-Platform-Error-Code", codes[no.status])
		response(w, no.status, struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		}{codes[no.status], no.message})
		return
	}
	h.Set("X-Influxdb-Error", no.message[:min(len(no.message), 1024)])
	response(w, no.status, map[string]string{"error": no.message})
}

func response(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

func ping(w http.ResponseWriter, r *http.Request) {
	if v := r.URL.Query().Get("verbose"); cmp.Or(v, "0") != "0" && v != "false" {
		response(w, http.StatusOK, map[string]string{"version": version})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// health says whether the relay accepts lines. It does so while its server is down.
func (s *relay) health(w http.ResponseWriter, _ *http.Request) {
	code, status, message := 200, "pass", "ready for writes"
	if s.closing.Load() {
		code, status, message = 503, "fail", "stopping"
	}
	for name, t := range s.targets {
		if st := t.writer.Stats(); st.Down {
			message += fmt.Sprintf("; the server of %s is down, %d lines wait", name, st.Pending.Lines)
		}
	}
	response(w, code, map[string]any{
		"name": "influxdb", "message": message, "status": status, "checks": []string{}, "version": version,
	})
}
