package fastclient

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Open returns a client for a URL that holds everything, as [New] does for the Options of
// [ParseURL].
func Open(rawURL string) (*Client, error) {
	o, err := ParseURL(rawURL)
	if err != nil {
		return nil, err
	}
	return New(o)
}

// ParseURL returns the options that a URL holds, for a service that is configured by one
// and adds a logger or a limit:
//
//	https://user:password@host:8086/base?database=db&rp=autogen&precision=s
//
// The parameters are database (or db), rp, precision (ns, u, ms, s, m, h), api (v1, v2,
// v3), org, bucket, token, consistency (any, one, quorum, all), gzip (on, off), retry (on)
// and timeout, a duration for each of sending and waiting for the response. A parameter
// that is unknown, repeated, empty or not encoded as in a URL is an *[OptionError], which
// never quotes a value.
func ParseURL(rawURL string) (Options, error) {
	a, err := parseAddress("URL", rawURL)
	if err != nil {
		return Options{}, err
	}
	o := Options{Addr: a.url}
	if err := o.takeUser("URL", a.user); err != nil {
		return Options{}, err
	}
	query, err := url.ParseQuery(a.query)
	if err != nil {
		return Options{}, &OptionError{"URL", "has parameters that are not encoded as in a URL"}
	}
	for _, key := range slices.Sorted(maps.Keys(query)) { // so that the same error comes every time
		if len(query[key]) != 1 || key == "db" && query.Has("database") {
			return Options{}, &OptionError{"URL", "repeats the parameter " + safeName(key)}
		}
		if err := o.setParameter(key, query[key][0]); err != nil {
			return Options{}, err
		}
	}
	return o, nil
}

// setParameter sets what one parameter of a URL says.
func (o *Options) setParameter(key, value string) error {
	if value == "" { // such as token=$UNSET
		return &OptionError{"URL", "has no value for the parameter " + safeName(key)}
	}
	valid := true
	pick := func(words ...string) int {
		i := slices.Index(words, value)
		valid = i >= 0
		return max(i, 0)
	}
	switch key {
	case "database", "db":
		o.Database = value
	case "rp":
		o.RetentionPolicy = value
	case "org":
		o.Org = value
	case "bucket":
		o.Bucket = value
	case "token":
		o.Token = NewSecret(value)
	case "precision":
		o.Precision = Precision(pick("ns", "u", "ms", "s", "m", "h"))
	case "api":
		o.API = API(pick("v1", "v2", "v3"))
	case "consistency":
		o.Consistency = 1 + ConsistencyLevel(pick("any", "one", "quorum", "all"))
	case "gzip":
		n := pick("on", "off")
		o.Compression.Always, o.Compression.Off = n == 0, n == 1
	case "retry":
		pick("on")
		o.Retry = new(RetryPolicy)
	case "timeout":
		d, err := time.ParseDuration(value)
		valid = err == nil && d > 0
		o.WriteTimeout, o.HeaderTimeout = d, d
	default:
		return &OptionError{"URL", "has an unknown parameter " + safeName(key)}
	}
	if !valid {
		return &OptionError{"URL", "has a bad value for the parameter " + key}
	}
	return nil
}

// safeName returns the name of a parameter for an error text: a secret that was put into
// the wrong place is no name.
func safeName(key string) string {
	if len(key) > 20 || strings.ContainsFunc(key, func(r rune) bool { return r != '_' && r != '-' && (r < 'a' || r > 'z') }) {
		return "that is no name"
	}
	return key
}
