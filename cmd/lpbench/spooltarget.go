package main

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/pointwire/pointwire/fastclient"
)

// A spoolTarget is the write request that a batch was made for, without its server.
type spoolTarget struct {
	api              fastclient.API
	database, rp     string
	bucket, org      string
	precision        fastclient.Precision
	consistency      fastclient.ConsistencyLevel
	rejectPartial    bool
	noSync           bool
	precisionMissing bool
}

// parseTarget reads the target of a batch of package batch: the path and the query of a
// write, such as /write?db=d&rp=r&precision=s. What it does not know it refuses, since the
// lines could end up somewhere else. Its errors quote no values.
func parseTarget(text []byte) (t spoolTarget, err error) {
	path, query, _ := strings.Cut(string(text), "?")
	switch path {
	case "/write":
		t.api = fastclient.V1
	case "/api/v2/write":
		t.api = fastclient.V2
	case "/api/v3/write_lp":
		t.api = fastclient.V3
	default:
		return t, errors.New("its target is not the path of a write endpoint")
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return t, errors.New("the parameters of its target are not encoded as in a URL")
	}
	t.precisionMissing = true
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if len(values[key]) != 1 {
			return t, fmt.Errorf("its target repeats the parameter %s", printable(key))
		}
		if err := t.set(key, values[key][0]); err != nil {
			return t, err
		}
	}
	return t, t.complete()
}

// set sets what one parameter says.
func (t *spoolTarget) set(key, value string) error {
	only := func(apis ...fastclient.API) bool { return slices.Contains(apis, t.api) }
	known := true
	switch {
	case key == "precision":
		known = t.setPrecision(value)
	case key == "db" && only(fastclient.V1, fastclient.V3):
		t.database = value
	case key == "rp" && only(fastclient.V1):
		t.rp = value
	case key == "bucket" && only(fastclient.V2):
		t.bucket = value
	case key == "org" && only(fastclient.V2):
		t.org = value
	case key == "accept_partial" && only(fastclient.V3):
		t.rejectPartial = value == "false"
		known = t.rejectPartial || value == "true"
	case key == "no_sync" && only(fastclient.V3):
		t.noSync = value == "true"
		known = t.noSync || value == "false"
	case key == "consistency":
		i := slices.Index([]string{"any", "one", "quorum", "all"}, value)
		t.consistency, known = fastclient.ConsistencyLevel(1+i), i >= 0
	default:
		return fmt.Errorf("its target has the parameter %s, which is unknown here", printable(key))
	}
	if !known {
		return fmt.Errorf("its target has a value for the parameter %s that is unknown here", key)
	}
	return nil
}

// setPrecision reports whether it knows the word. Those that servers read differently are
// not among them.
func (t *spoolTarget) setPrecision(word string) bool {
	words := [...]string{"ns", "us", "ms", "s"}
	switch t.api {
	case fastclient.V1:
		words[1] = ""
	case fastclient.V3:
		words = [...]string{"nanosecond", "microsecond", "millisecond", "second"}
	}
	i := slices.Index(words[:], word)
	if word == "n" && t.api == fastclient.V1 {
		i = 0
	}
	if i < 0 || word == "" {
		return false
	}
	t.precision, t.precisionMissing = fastclient.Precision(i), false
	return true
}

// complete says what is missing.
func (t *spoolTarget) complete() error {
	switch {
	case t.api == fastclient.V2 && t.bucket == "":
		return errors.New("its target names no bucket")
	case t.api != fastclient.V2 && t.database == "":
		return errors.New("its target names no database")
	case t.api == fastclient.V3 && t.precisionMissing:
		return errors.New("its target names no precision, which the server would guess")
	}
	return nil
}

// options returns o for this target.
func (t *spoolTarget) options(o fastclient.Options) fastclient.Options {
	o.API, o.Precision, o.Consistency = t.api, t.precision, t.consistency
	o.Database, o.RetentionPolicy, o.Bucket = t.database, t.rp, t.bucket
	if t.org != "" {
		o.Org = t.org
	}
	o.RejectPartial, o.NoSync = t.rejectPartial, t.noSync
	return o
}
