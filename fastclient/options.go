package fastclient

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/pointwire/pointwire"
)

// Options configure a [Client]. The zero value of every field is its default. A zero
// duration is the default given beside the field; a negative one means no limit.
type Options struct {
	// Addr is the server: http://host:port, https://host:port, either with a
	// base path, or unix:///path/of/the/socket. The default is
	// http://127.0.0.1:8086; a missing port is 8086. A user and a password in
	// it are for Basic authentication. They print as they are where fmt does not
	// call String, which [ParseURL] prevents: it moves them to Username and Password.
	Addr string
	// Addrs are further servers, used as Balance says.
	Addrs   []string
	Balance Balance
	// Subset makes the client use only some of the servers.
	Subset Subset
	// Hedge sends requests that take unusually long to another server, too.
	Hedge Hedge
	// Probe asks a server of several that is down whether it is up again, in a goroutine
	// that ends with Close, and at growing intervals. c is a client of that server alone.
	// The default is a [Client.Ping] with any response but 500, 502, 503 and 504. It must
	// return when its context ends, after 5 s at the latest, and ask no other client: the
	// one that it works for may be waiting for it.
	Probe func(ctx context.Context, c *Client) error
	// ProbeQueries asks instead of Probe whether a server is up again for queries. Writes
	// and queries have connections of their own, and a server may be down for one of them
	// only: a cluster without a quorum for reading may accept writes.
	ProbeQueries func(ctx context.Context, c *Client) error

	// API is the kind of write endpoint, V1 by default.
	API API
	// Database and RetentionPolicy are used where a call names none. V3 has no
	// retention policies: a write with one is an error.
	Database        string
	RetentionPolicy string
	// Org and Bucket are for V2. Without a Bucket, or where a call or a view names
	// a database, it is the database, followed by a slash and the retention policy
	// if there is one.
	Org, Bucket string
	// RejectPartial makes V3 store all lines of a request or none.
	RejectPartial bool
	// NoSync makes V3 respond before the lines are durable.
	NoSync bool
	// Precision is the unit of the timestamps in lines, nanoseconds by default.
	Precision Precision
	// Consistency is for clusters; by default the server chooses.
	Consistency ConsistencyLevel

	// Username and Password are for Basic authentication, or with QueryAuth for the
	// parameters u and p. A Username needs a Password.
	Username  string
	Password  Secret
	QueryAuth bool
	// Token is sent as Authorization: Token, or as Bearer with BearerAuth. InfluxDB 1.x
	// from 1.7 on accepts "user:password" as a token, and a JWT as Bearer.
	Token      Secret
	BearerAuth bool
	// TokenSource returns the token of each request, for tokens that change. It must be
	// safe for concurrent use and quick.
	TokenSource func(ctx context.Context) (string, error)

	// TLS configures https connections. Setting it when no address is https or a Unix
	// socket is an error. ServerName defaults to the host of Addr. On a Unix socket, a
	// non-nil TLS makes the client speak TLS.
	TLS *tls.Config
	// TLSFiles are added to TLS.
	TLSFiles TLSFiles
	// Headers are sent with every request. A secret in them prints as it is where fmt
	// does not call String.
	Headers http.Header
	// UserAgent is pointwire by default.
	UserAgent string
	// Dial replaces the dialer of TCP and Unix sockets. It must return when its context
	// ends.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// NetHTTP makes the client use net/http instead of fasthttp, with HTTP/2 and the
	// proxy of the environment. It is slower, otherwise identical.
	NetHTTP bool
	// HTTPClient implies NetHTTP and replaces the client. Its Timeout and Transport
	// apply: the limits below on dialling and on idle connections are then the
	// Transport's, and so is the handling of connections that the server closed. Dial,
	// TLSFiles and a TLS for https are then errors, and so is a Unix socket if the
	// Transport has no DialContext.
	HTTPClient *http.Client

	Compression Compression
	// UseGET sends queries as GET, for servers and caches that need it. The default is
	// POST, which keeps statements out of the logs of proxies and has no limit of length.
	// Statements that change something are always sent as POST.
	UseGET bool
	// ResponseFormat is the form in which rows, structs and frames are asked for, JSON by
	// default. [Client.QueryRaw] and statements without rows always ask for JSON.
	ResponseFormat ResponseFormat

	DialTimeout   time.Duration // connecting, 5 s
	TLSTimeout    time.Duration // TLS handshake, 5 s
	WriteTimeout  time.Duration // sending one request, 30 s
	HeaderTimeout time.Duration // waiting for the header of the response, 30 s; also reading a body that is short
	ReadTimeout   time.Duration // longest silence within a response, 30 s; also reading the whole body of a refusal
	PoolTimeout   time.Duration // waiting for a connection, 5 s; without a value, the context's deadline if it has one
	IdleTimeout   time.Duration // unused connections are closed after 30 s
	ConnLifetime  time.Duration // and used ones after 5 min
	// MaxConns bounds the connections to one server for writes, and as many for queries.
	// The default is 16.
	MaxConns int
	// MaxResponseBytes bounds responses that are kept in memory as a whole, 64 MiB by
	// default: those of [Result.JSON], [QueryInto], [Client.QueryFrames] and package
	// admin. The values made of one may take eight times as much. Responses that are read
	// row by row have no bound but [MaxBytes].
	MaxResponseBytes int64

	// MaxHeaderBytes bounds the header of a response, 16 KiB by default. A response with
	// a longer header is [ErrResponseTooLarge], and leaves open what became of a write.
	MaxHeaderBytes int

	// Retry is the policy of calls that name none. Nil means one attempt.
	Retry *RetryPolicy

	// Logger gets a record for each request at level Debug, and for each retry at Warn.
	Logger *slog.Logger
	Hooks  *Hooks
}

// Compression says which bodies are compressed, and how.
type Compression struct {
	// Codec is the format of compressed requests.
	Codec Codec
	// Off never compresses requests. Always compresses them even for this host, where by
	// default it takes longer than it saves.
	Off, Always bool
	// Level is 1, the default, to 9. Level 1 of [Gzip] is made for line protocol: several
	// times as fast as the others, with bodies of about the same size. Line protocol
	// gains little above 3.
	Level int
	// MinBytes is the smallest body that is compressed, 1024 by default.
	MinBytes int
	// Responses says whether responses to queries are compressed.
	Responses ResponseCompression
}

// A Codec is a format of compressed requests.
type Codec uint8

// The codecs.
const (
	Gzip Codec = iota
	// Zstd is for servers known to decompress it, such as VictoriaMetrics from 1.148.
	// InfluxDB 1.x and 2.x mistake the compressed bytes for lines and store garbage.
	Zstd
)

// A ResponseCompression says whether responses to queries are compressed.
type ResponseCompression uint8

// The choices.
const (
	// ResponsesPlain asks for uncompressed responses.
	ResponsesPlain ResponseCompression = iota
	// ResponsesGzip asks for responses in gzip.
	ResponsesGzip
	// ResponsesPipelined is ResponsesGzip, decompressed by another goroutine up to 256
	// KiB ahead of the rows. The goroutine ends when the result is closed.
	ResponsesPipelined
)

// An API is a kind of write endpoint.
type API uint8

// The write endpoints.
const (
	V1 API = iota // /write of InfluxDB 1.x and most compatible servers
	V2            // /api/v2/write
	V3            // /api/v3/write_lp
)

// String returns v1, v2 or v3.
func (a API) String() string {
	if a > V3 {
		return "invalid"
	}
	return [...]string{"v1", "v2", "v3"}[a]
}

// Precision is the unit of timestamps, in the lines of a write or in a response. It is
// the same type as lp.Precision and jsonscan.Precision.
type Precision = pointwire.Precision

// The precisions of InfluxDB 1.x. InfluxDB 2 and 3 have no minutes and hours. By [V1],
// times in microseconds are sent as nanoseconds, and times in minutes and hours as
// seconds, because servers disagree on the words for these units.
const (
	Nanosecond  = pointwire.Nanosecond
	Microsecond = pointwire.Microsecond
	Millisecond = pointwire.Millisecond
	Second      = pointwire.Second
	Minute      = pointwire.Minute
	Hour        = pointwire.Hour
)

// A RetryPolicy says when a call is repeated. The zero value retries with the defaults of
// its fields.
//
// Retried are: a failure before a byte was sent; the statuses 408, 425, 429, 502, 503,
// 504, 507, 509, 523, 524, 529 and 599; a 500, three times, unless its message says that
// it is permanent. A write refused with 413 is halved at a line end. A failure after the
// request was sent is retried as Ambiguous says. Nothing else is retried, and nothing
// once the context has ended.
type RetryPolicy struct {
	MaxAttempts int           // attempts in all, 0 for no limit but MaxElapsed
	MinDelay    time.Duration // before the second attempt, 250 ms; doubles each time
	MaxDelay    time.Duration // 30 s
	MaxElapsed  time.Duration // of all attempts together, 3 min
	Ambiguous   Ambiguity
	// NoSplit does not halve a write refused with 413.
	NoSplit bool
	// Also lists further statuses to retry, such as 403 for a server that refuses writes
	// for a while.
	Also []int
}

// An Ambiguity says what to do when a request was sent and no response came.
type Ambiguity uint8

// The choices. A write whose lines all have timestamps can be applied twice without harm.
// For lines made from points, structs, frames or an encoder the client finds out by
// itself, body by body. Lines that it was given, and queries, count as harmless only if
// they are marked by [Idempotent].
const (
	AmbiguousIfIdempotent Ambiguity = iota // repeat lines with timestamps, and what [Idempotent] marks
	AmbiguousNever
	AmbiguousAlways
)

// A Balance says how a client with several servers chooses among them.
type Balance uint8

// The choices.
const (
	// Failover uses the first server that is up.
	Failover Balance = iota
	// RoundRobin uses the servers that are up in turn.
	RoundRobin
	// Replicate sends every write to every server, and queries to the first that is up.
	Replicate
	// Shard is for independent servers, each with a part of the series. [Client.Place] says
	// which server has a series, batch.NewShardWriter writes each line there, and
	// [Client.Each] asks all of them. Other calls name no server: with more than one, they are
	// [ErrSharded]. Make a client of each server for statements.
	Shard
)

// A Hedge sends a request that takes unusually long to another server as well: the first
// response counts, and the other attempt is cancelled. It takes the edge off a server that
// hangs or collects garbage, and is for several front ends of one cluster only. Of servers
// that do not share their data both would store the lines.
//
// Hedged are requests that do no harm when they are applied twice: the batches of a writer,
// unless its Options.NoStamp is set; writes whose lines all have timestamps; queries sent as
// GET, see Options.UseGET, that begin with SELECT or SHOW, are one statement, and have no INTO;
// and whatever is marked by [Idempotent]. A request is hedged once, when another server is up.
//
// A response that names what is wrong with the lines, 400, 413 or 422, counts like an
// acknowledgement: nodes of one cluster judge alike. Another failure of one attempt leaves
// the decision to the other.
type Hedge struct {
	// After is the multiple of the usual time at which a request is sent to another
	// server: 3, say. Less than 1 is an error, 0 never does. The usual time is learnt from
	// responses, for each server and for writes and queries apart: it follows the mean, to
	// which one response adds at most a quarter. Nothing is hedged before ten responses, or
	// before 10 ms.
	After float64
	// Share bounds the hedged ones among the requests that may be hedged: 0.05 by default,
	// at most 1. Up to ten may follow each other at once if there were none before.
	Share float64
}

// A ConsistencyLevel says how many nodes of a cluster must have stored a write.
type ConsistencyLevel uint8

// The levels of InfluxDB 1.x.
const (
	ConsistencyDefault ConsistencyLevel = iota // the server's
	ConsistencyAny
	ConsistencyOne
	ConsistencyQuorum
	ConsistencyAll
)

// String returns the word of the consistency parameter.
func (l ConsistencyLevel) String() string {
	if l > ConsistencyAll {
		return "invalid"
	}
	return [...]string{"", "any", "one", "quorum", "all"}[l]
}

// validate checks what does not depend on the addresses.
func (o *Options) validate() error {
	bad := func(field, reason string) error { return &OptionError{Field: field, Reason: reason} }
	for _, f := range []struct{ field, value string }{
		{"Database", o.Database}, {"RetentionPolicy", o.RetentionPolicy}, {"Org", o.Org}, {"Bucket", o.Bucket},
		{"Username", o.Username}, {"Password", o.Password.Reveal()}, {"Token", o.Token.Reveal()}, {"UserAgent", o.UserAgent},
	} {
		if hasControl(f.value) {
			return bad(f.field, "holds a control byte")
		}
	}
	if h := o.Hedge; h != (Hedge{}) {
		switch {
		case !(h.After >= 1 && h.After <= 1e6):
			return bad("Hedge.After", "is less than 1, or no number")
		case !(h.Share >= 0 && h.Share <= 1):
			return bad("Hedge.Share", "is not within 0 and 1")
		case o.Balance >= Replicate:
			return bad("Hedge", "does not go with Replicate or Shard")
		}
	}
	if o.Subset.Size < 0 || o.Subset.Size > 0 && o.Balance >= Replicate {
		return bad("Subset", "has a negative Size, or does not go with Replicate or Shard")
	}
	for key, values := range o.Headers {
		if !isToken(key) {
			return bad("Headers", "holds a key that is not a token")
		}
		switch http.CanonicalHeaderKey(key) {
		case "Host", "Content-Length", "Transfer-Encoding", "Content-Encoding", "Connection":
			return bad("Headers", "holds "+key+", which belongs to the client")
		}
		for _, v := range values {
			if hasControl(v) {
				return bad("Headers", "holds a control byte in "+key)
			}
		}
	}
	password, token := !o.Password.IsZero(), !o.Token.IsZero()
	switch {
	case o.Username != "" && !password:
		return bad("Password", "is missing beside a Username")
	case o.Username == "" && password:
		return bad("Username", "is missing beside a Password")
	case len(o.Username) > 0 && !o.QueryAuth && strings.IndexByte(o.Username, ':') >= 0:
		return bad("Username", "holds a colon, which Basic authentication cannot carry")
	case token && o.Username != "":
		return bad("Token", "and Username exclude each other")
	case o.TokenSource != nil && (token || o.Username != ""):
		return bad("TokenSource", "excludes Token and Username")
	case o.QueryAuth && o.Username == "":
		return bad("QueryAuth", "needs a Username")
	case o.API > V3:
		return bad("API", "is not V1, V2 or V3")
	case !o.Precision.Valid():
		return bad("Precision", "is not one of the declared ones")
	case precisionWord(o.API, wireUnit(o.API, o.Precision)) == "":
		return bad("Precision", "is unknown to API "+o.API.String())
	case o.API == V1 && o.Org != "":
		return bad("Org", "is unknown to API V1")
	case o.API == V1 && o.Bucket != "":
		return bad("Bucket", "is unknown to API V1")
	case o.API != V3 && o.RejectPartial:
		return bad("RejectPartial", "is unknown to API "+o.API.String())
	case o.API != V3 && o.NoSync:
		return bad("NoSync", "is unknown to API "+o.API.String())
	case o.Consistency > ConsistencyAll:
		return bad("Consistency", "is not one of the declared levels")
	case o.Balance > Shard:
		return bad("Balance", "is not one of the declared ones")
	case o.Compression.Level < 0 || o.Compression.Level > 9:
		return bad("Compression.Level", "is not within 1 and 9")
	case o.Compression.Codec > Zstd:
		return bad("Compression.Codec", "is not a codec")
	case o.Compression.Responses > ResponsesPipelined:
		return bad("Compression.Responses", "is not one of the choices")
	case o.Compression.Off && o.Compression.Always:
		return bad("Compression", "cannot be both Off and Always")
	case o.MaxHeaderBytes < 0:
		return bad("MaxHeaderBytes", "is negative")
	case o.ResponseFormat > FormatAuto:
		return bad("ResponseFormat", "is not one of the declared formats")
	case o.MaxHeaderBytes > 0 && o.HTTPClient != nil:
		return bad("MaxHeaderBytes", "belongs to the Transport of HTTPClient")
	case o.MaxConns < 0:
		return bad("MaxConns", "is negative")
	}
	return nil
}

// reachable reports options that the given addresses would silently ignore, and addresses
// that would be reached in the clear against the options.
func (o *Options) reachable(addrs []address) error {
	secure, socket := false, false
	for _, a := range addrs {
		secure = secure || a.tls
		socket = socket || a.network == "unix"
	}
	files := o.TLSFiles != TLSFiles{}
	switch {
	case (o.TLS != nil || files) && !secure && !socket:
		return &OptionError{"TLS", "or TLSFiles is set, and no address is https or a socket"}
	case o.HTTPClient == nil:
		return nil
	case o.Dial != nil:
		return &OptionError{"Dial", "is not for an HTTPClient, which dials by itself"}
	case files || o.TLS != nil && secure:
		return &OptionError{"TLS", "or TLSFiles is not for an HTTPClient, which has its own"}
	case socket && !dials(o.HTTPClient):
		return &OptionError{"HTTPClient", "does not dial the socket: its Transport has no DialContext"}
	}
	return nil
}

// dials reports whether c may reach what net/http cannot: its transport has its own
// dialer, or is not net/http's.
func dials(c *http.Client) bool {
	if c.Transport == nil {
		return false
	}
	t, ok := c.Transport.(*http.Transport)
	return !ok || t.DialContext != nil
}

// isToken reports whether s can be the name of a header.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}

// String describes the options without any secret.
func (o Options) String() string {
	a, err := parseAddress("Addr", o.Addr)
	if err != nil {
		return "fastclient.Options{invalid Addr}"
	}
	s := "fastclient.Options{" + a.String() + " api=" + o.API.String()
	if o.Database != "" {
		s += " database=" + o.Database
	}
	if o.Username != "" {
		s += " username=" + o.Username
	}
	return s + "}"
}

// Format is String for every verb.
func (o Options) Format(f fmt.State, _ rune) { io.WriteString(f, o.String()) }

// LogValue is String, for slog.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }
