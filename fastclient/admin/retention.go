package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/jsonscan"
)

// A RetentionPolicyInfo describes a retention policy. CreateRetentionPolicy and
// AlterRetentionPolicy leave zero fields to the server.
type RetentionPolicyInfo struct {
	Name string
	// Duration is how long points are kept. In a response 0 means for ever; set Forever
	// to ask for that.
	Duration      time.Duration
	Forever       bool
	ShardDuration time.Duration
	Replication   int // copies, 1 on a single server
	Default       bool
}

// ShowRetentionPolicies returns the retention policies of a database, the
// client's if the name is empty. A policy whose durations cannot be read is left out and
// is an error beside the others.
func ShowRetentionPolicies(ctx context.Context, c *fastclient.Client, database string, opts ...fastclient.QueryOption) ([]RetentionPolicyInfo, error) {
	s := newStatement("SHOW RETENTION POLICIES").clause(" ON ", "Database", database)
	var out []RetentionPolicyInfo
	var unread error
	err := each(ctx, c, s, opts, func(row *jsonscan.Row) error {
		rp := RetentionPolicyInfo{Name: column(row, "name")}
		at := row.Series().Column
		var known [2]bool
		rp.Duration, known[0] = parseDuration(column(row, "duration"))
		rp.ShardDuration, known[1] = parseDuration(column(row, "shardGroupDuration"))
		n, err := row.Int(at("replicaN"))
		if err != nil && !errors.Is(err, jsonscan.ErrNull) {
			return err
		}
		rp.Forever, rp.Replication = rp.Duration == 0, int(n)
		if rp.Default, err = row.Bool(at("default")); err != nil && !errors.Is(err, jsonscan.ErrNull) {
			return err
		}
		if known != [2]bool{true, true} {
			unread = errors.Join(unread, fmt.Errorf("admin: show retention policies: the durations of %q cannot be read", rp.Name))
			return nil
		}
		out = append(out, rp)
		return nil
	})
	return out, errors.Join(err, unread)
}

// parseDuration reads a duration as servers write it: 168h0m0s (InfluxDB 1.x and 2.x), INF,
// 7d or nothing (compatible servers). 0 is for ever.
func parseDuration(s string) (d time.Duration, ok bool) {
	if s == "" || s == "INF" {
		return 0, true
	}
	for _, u := range [...]struct {
		suffix string
		unit   time.Duration
	}{{"d", 24 * time.Hour}, {"w", 7 * 24 * time.Hour}} {
		if number, found := strings.CutSuffix(s, u.suffix); found {
			n, err := strconv.ParseInt(number, 10, 32)
			return time.Duration(n) * u.unit, err == nil && n >= 0 && time.Duration(n) <= math.MaxInt64/u.unit
		}
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= 0
}

// CreateRetentionPolicy creates a retention policy in a database, the client's
// if the name is empty. It needs a Duration or Forever.
func CreateRetentionPolicy(ctx context.Context, c *fastclient.Client, database string, rp RetentionPolicyInfo, opts ...fastclient.QueryOption) error {
	if rp.Duration == 0 && !rp.Forever {
		return &fastclient.OptionError{Field: "Duration", Reason: "is missing"}
	}
	rp.Replication = max(1, rp.Replication)
	return retentionPolicy(ctx, c, "CREATE", database, rp, opts...)
}

// AlterRetentionPolicy changes the fields that are set.
func AlterRetentionPolicy(ctx context.Context, c *fastclient.Client, database string, rp RetentionPolicyInfo, opts ...fastclient.QueryOption) error {
	if rp.Duration == 0 && !rp.Forever && rp.ShardDuration == 0 && rp.Replication == 0 && !rp.Default {
		return &fastclient.OptionError{Field: "RetentionPolicyInfo", Reason: "changes nothing"}
	}
	return retentionPolicy(ctx, c, "ALTER", database, rp, opts...)
}

func retentionPolicy(ctx context.Context, c *fastclient.Client, verb, database string, rp RetentionPolicyInfo, opts ...fastclient.QueryOption) error {
	s := newStatement(verb).words(" RETENTION POLICY ").name("RetentionPolicy", rp.Name).
		words(" ON ").name("Database", cmp.Or(database, c.Database()))
	switch {
	case rp.Duration < 0 || rp.ShardDuration < 0:
		return &fastclient.OptionError{Field: "Duration", Reason: "is negative"}
	case rp.Forever:
		s.words(" DURATION INF")
	case rp.Duration > 0:
		s.words(" DURATION ").words(durationLiteral(rp.Duration))
	}
	if rp.Replication > 0 {
		s.words(" REPLICATION ").words(strconv.Itoa(rp.Replication))
	}
	if rp.ShardDuration > 0 {
		s.words(" SHARD DURATION ").words(durationLiteral(rp.ShardDuration))
	}
	if rp.Default {
		s.words(" DEFAULT")
	}
	return exec(ctx, c, s, opts...)
}

// DropRetentionPolicy deletes a retention policy with everything in it, from a
// database, the client's if the name is empty.
func DropRetentionPolicy(ctx context.Context, c *fastclient.Client, database, name string, opts ...fastclient.QueryOption) error {
	return exec(ctx, c, newStatement("DROP RETENTION POLICY ").name("RetentionPolicy", name).
		words(" ON ").name("Database", cmp.Or(database, c.Database())), opts...)
}

// durationLiteral returns d in InfluxQL, exact to the nanosecond.
func durationLiteral(d time.Duration) string {
	if d%time.Second == 0 {
		return strconv.FormatInt(int64(d/time.Second), 10) + "s"
	}
	return strconv.FormatInt(int64(d), 10) + "ns"
}
