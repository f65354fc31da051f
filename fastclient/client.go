package fastclient

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/stamp"
	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/internal/transport"
)

// This file holds a client and its views. All views share a [core], made once from the
// Options; each has a [target] of its own, with the path of a write prepared. Calls are in
// write.go, points.go and query.go, and go out through call.go.

// A Client writes to and queries one server or a set of equal ones. It is safe for
// concurrent use. Make one with [New] or [Open]; the views that [Client.WithDatabase] and
// its siblings return share its connections.
type Client struct {
	*core
	to target
}

// A core is what all views of a client share. After New it is immutable except for its
// counters and servers, see set.go.
type core struct {
	o           Options
	set         atomic.Pointer[[]*endpoint] // the servers in use; a list does not change
	made        atomic.Uint64               // number of the last server
	turn        atomic.Uint32               // next server of round robin
	auth        string                      // value of the Authorization header, if it never changes
	userURI     string                      // parameters u and p, with a leading &
	hidden      *hidden                     // the credentials of Options; not those of its TokenSource
	header      []transport.Field
	compressor  compress.Compressor // nil when requests are never compressed
	minCompress int
	plain       atomic.Bool // a server has refused compressed bodies
	n           counters
	hedges      hedgeBudget
	stamps      *stamp.Clocks // of all writers
	log         *slog.Logger
	hooks       Hooks
	writes      sync.Pool // of *writeCall
	maxWhole    int64
	errorTime   time.Duration // limit for reading the body of a refusal, 0 for none

	part     bool            // it is one server of another core, whose connections it uses
	life     context.Context // ends with Close
	end      context.CancelFunc
	starting sync.Mutex     // makes running.Go and Close exclude each other
	running  sync.WaitGroup // goroutines that watch servers
	probes   bulletin       // the end of each probe

	changing  sync.Mutex      // makes changes of the servers exclude each other; guards what follows
	addrs     []address       // of all servers, those that Subset leaves out included
	removed   []*endpoint     // were among the servers, and may have something under way
	past      transport.Stats // counters of the other servers that were removed
	followers []*follower     // writers that are told of a change
}

// servers returns the servers in use. They may change at any time, so a call asks once.
func (c *core) servers() []*endpoint { return *c.set.Load() }

// A target is the destination of writes and queries, with its write path prepared once.
type target struct {
	db, rp      string
	named       bool // db was named by a view or a call, so it takes precedence over Options.Bucket
	precision   Precision
	consistency ConsistencyLevel
	write       []byte // path and query of a write, without the base path
	writeErr    error  // why there is no such path
}

// New returns a client for o. It checks every option and connects to nothing:
// [Client.Ping] does. Every error is an *[OptionError] that names the field.
func New(o Options) (*Client, error) {
	addrs := make([]address, 0, 1+len(o.Addrs))
	for i, s := range append([]string{o.Addr}, o.Addrs...) {
		field := "Addr"
		if i > 0 {
			field = "Addrs"
			if s == "" {
				return nil, &OptionError{field, "holds an empty address"}
			}
		}
		a, err := o.address(field, s)
		if err != nil {
			return nil, err
		}
		addrs = append(addrs, a)
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	c := &core{o: o, log: o.Logger, stamps: new(stamp.Clocks), minCompress: o.Compression.MinBytes, maxWhole: o.MaxResponseBytes}
	c.life, c.end = context.WithCancel(context.Background())
	if o.Hooks != nil {
		c.hooks = *o.Hooks
	}
	if c.o.Probe == nil {
		c.o.Probe = probePing
	}
	c.setAuth()
	c.setHeader()
	c.setGzip(addrs)
	c.errorTime = transport.Options{ReadTimeout: o.ReadTimeout}.WithDefaults().ReadTimeout
	if c.maxWhole <= 0 {
		c.maxWhole = 64 << 20
	}
	c.set.Store(new([]*endpoint))
	if err := c.setAddrs(addrs); err != nil {
		return nil, err
	}
	client := &Client{core: c, to: target{
		db: o.Database, rp: o.RetentionPolicy, precision: o.Precision, consistency: o.Consistency,
	}}
	client.to.prepare(c)
	return client, nil
}

func (c *core) setAuth() {
	o := &c.o
	c.hidden = hiddenOf(o.Username, o.Password, o.Token, o.QueryAuth)
	switch {
	case o.QueryAuth:
		c.userURI = "&u=" + url.QueryEscape(o.Username) + "&p=" + url.QueryEscape(o.Password.Reveal())
	case o.Username != "":
		c.auth = "Basic " + base64.StdEncoding.EncodeToString([]byte(o.Username+":"+o.Password.Reveal()))
	case !o.Token.IsZero():
		c.auth = c.tokenHeader(o.Token.Reveal())
	}
}

func (c *core) tokenHeader(token string) string {
	if c.o.BearerAuth {
		return "Bearer " + token
	}
	return "Token " + token
}

// authorization returns the value of the header for one attempt.
func (c *core) authorization(ctx context.Context) (string, error) {
	if c.o.TokenSource == nil {
		return c.auth, nil
	}
	token, err := c.o.TokenSource(ctx)
	if err != nil {
		return "", err
	}
	if hasControl(token) {
		return "", &OptionError{"TokenSource", "returned a token with a control byte"}
	}
	return c.tokenHeader(token), nil
}

func (c *core) setHeader() {
	for key, values := range c.o.Headers {
		c.header = append(c.header, transport.Field{Key: key, Value: strings.Join(values, ", ")})
	}
}

func (c *core) setGzip(addrs []address) {
	local := true
	for i := range addrs {
		local = local && addrs[i].local()
	}
	g := c.o.Compression
	if !g.Off && (g.Always || !local) {
		if c.compressor = compress.Gzip(max(1, g.Level)); g.Codec == Zstd {
			c.compressor = compress.Zstd(max(1, g.Level))
		}
	}
	if c.minCompress <= 0 {
		c.minCompress = 1024
	}
}

// Close ends every request under way with [ErrClosed], closes the connections
// and makes later calls fail. It returns nil and may be called again. Closing a
// view closes the client. It waits for a probe under way, so neither [Options].Probe nor a
// function of [Hooks] may call it.
func (c *Client) Close() error {
	if c.part {
		return nil
	}
	c.starting.Lock()
	c.end()
	c.starting.Unlock()
	c.changing.Lock()
	for _, e := range c.servers() {
		e.close()
	}
	for _, e := range c.removed {
		e.close()
	}
	c.changing.Unlock()
	c.running.Wait()
	return nil
}

// WithDatabase returns a view of the client that uses another database and its
// default retention policy. The two share everything else and may be used side
// by side.
func (c *Client) WithDatabase(name string) *Client {
	to := c.to
	to.db, to.rp, to.named = name, "", true
	return c.with(to)
}

// WithRetentionPolicy returns a view of the client that uses another retention
// policy; the empty name is the database's default.
func (c *Client) WithRetentionPolicy(name string) *Client {
	to := c.to
	to.rp = name
	return c.with(to)
}

// WithPrecision returns a view of the client for lines whose timestamps are in
// units of p.
func (c *Client) WithPrecision(p Precision) *Client {
	to := c.to
	to.precision = p
	return c.with(to)
}

// WithConsistency returns a view of the client that writes with another level.
func (c *Client) WithConsistency(level ConsistencyLevel) *Client {
	to := c.to
	to.consistency = level
	return c.with(to)
}

func (c *Client) with(to target) *Client {
	to.prepare(c.core)
	return &Client{core: c.core, to: to}
}

// Database returns the database of calls that name none.
func (c *Client) Database() string { return c.to.db }

// RetentionPolicy returns the retention policy of calls that name none, empty for the
// database's default.
func (c *Client) RetentionPolicy() string { return c.to.rp }

// Precision returns the unit of the timestamps in lines, unless a call names another.
func (c *Client) Precision() Precision { return c.to.precision }

// String describes the client without any secret.
func (c *Client) String() string {
	var b strings.Builder
	b.WriteString("fastclient.Client{")
	for i, e := range c.servers() {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(e.addr.String())
	}
	if c.to.db != "" {
		b.WriteString(" database=" + c.to.db)
	}
	if c.to.rp != "" {
		b.WriteString(" rp=" + c.to.rp)
	}
	b.WriteString("}")
	return b.String()
}

// Format is String for every verb.
func (c *Client) Format(f fmt.State, _ rune) { io.WriteString(f, c.String()) }

// LogValue is String, for package log/slog.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }

// address reads the address of a server, and makes its user that of the options.
func (o *Options) address(field, s string) (address, error) {
	a, err := parseAddress(field, s)
	if err != nil {
		return a, err
	}
	if a.query != "" {
		return a, &OptionError{field, "must not hold parameters; Open and ParseURL take them"}
	}
	return a, o.takeUser(field, a.user)
}

// takeUser makes the user of an address the user of Basic authentication.
func (o *Options) takeUser(field string, u *url.Userinfo) error {
	if u == nil {
		return nil
	}
	password, _ := u.Password()
	switch {
	case !o.Token.IsZero() || o.TokenSource != nil:
		return &OptionError{field, "holds a user beside a Token"}
	case o.Username == "":
		o.Username, o.Password = u.Username(), NewSecret(password)
	case o.Username != u.Username() || o.Password.Reveal() != password:
		return &OptionError{field, "holds a user that is not Username"}
	}
	return nil
}

// prepare sets the path and query of a write to t.
func (t *target) prepare(c *core) {
	t.write, t.writeErr = t.appendWrite(nil, c)
}

// appendWrite appends the path and query of a write, or says why there is none.
func (t *target) appendWrite(dst []byte, c *core) ([]byte, error) {
	word := precisionWord(c.o.API, wireUnit(c.o.API, t.precision))
	switch {
	case hasControl(t.db):
		return nil, &OptionError{"Database", "holds a control byte"}
	case hasControl(t.rp):
		return nil, &OptionError{"RetentionPolicy", "holds a control byte"}
	case word == "":
		return nil, &OptionError{"Precision", "is unknown to API " + c.o.API.String()}
	case t.consistency > ConsistencyAll:
		return nil, &OptionError{"Consistency", "is not one of the declared levels"}
	}
	switch c.o.API {
	case V2:
		bucket := c.o.Bucket
		if bucket == "" || t.named {
			if t.db == "" {
				return nil, ErrNoDatabase
			}
			if bucket = t.db; t.rp != "" {
				bucket += "/" + t.rp
			}
		}
		dst = param(append(dst, "/api/v2/write"...), '?', "bucket", bucket)
		if c.o.Org != "" {
			dst = param(dst, '&', "org", c.o.Org)
		}
		dst = param(dst, '&', "precision", word)
	case V3:
		if t.db == "" {
			return nil, ErrNoDatabase
		}
		if t.rp != "" {
			return nil, &OptionError{"RetentionPolicy", "is unknown to API " + c.o.API.String()}
		}
		dst = param(append(dst, "/api/v3/write_lp"...), '?', "db", t.db)
		dst = param(dst, '&', "precision", word)
		if c.o.RejectPartial {
			dst = param(dst, '&', "accept_partial", "false")
		}
		if c.o.NoSync {
			dst = param(dst, '&', "no_sync", "true")
		}
	default:
		if t.db == "" {
			return nil, ErrNoDatabase
		}
		dst = param(append(dst, "/write"...), '?', "db", t.db)
		if t.rp != "" {
			dst = param(dst, '&', "rp", t.rp)
		}
		if wireUnit(V1, t.precision) != Nanosecond {
			dst = param(dst, '&', "precision", word)
		}
	}
	if t.consistency != ConsistencyDefault {
		dst = param(dst, '&', "consistency", t.consistency.String())
	}
	return append(dst, c.userURI...), nil
}

// param appends one parameter of a query.
func param(dst []byte, sep byte, key, value string) []byte {
	dst = append(append(append(dst, sep), key...), '=')
	return append(dst, url.QueryEscape(value)...)
}

// precisionWord returns the word for p at the write endpoint of api. It is empty if there
// is none, or none that every server understands: see wireUnit.
func precisionWord(api API, p Precision) string {
	if !p.Valid() {
		return ""
	}
	switch api {
	case V2:
		return [...]string{"ns", "us", "ms", "s", "", ""}[p]
	case V3:
		// Without the word, version 3 guesses the unit from the magnitude.
		return [...]string{"nanosecond", "microsecond", "millisecond", "second", "", ""}[p]
	}
	return [...]string{"ns", "", "ms", "s", "", ""}[p]
}

// wireUnit returns the unit in which timestamps in p are sent. Version 1 gets no
// microseconds, minutes or hours, because servers disagree on the words for them, without
// an error: 1.6.7 reads "us" as nanoseconds, and the /write of InfluxDB 2.x reads "u",
// "m" and "h" so. The finer unit is exact.
func wireUnit(api API, p Precision) Precision {
	if api != V1 {
		return p
	}
	switch p {
	case Microsecond:
		return Nanosecond
	case Minute, Hour:
		return Second
	}
	return p
}
