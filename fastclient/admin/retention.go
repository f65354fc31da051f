package admin

import (
	"cmp"
	"context"
	"strconv"
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
// client's if the name is empty.
func ShowRetentionPolicies(ctx context.Context, c *fastclient.Client, database string) ([]RetentionPolicyInfo, error) {
	s := newStatement("SHOW RETENTION POLICIES").clause(" ON ", "Database", database)
	var out []RetentionPolicyInfo
	err := each(ctx, c, s, func(row *jsonscan.Row) error {
		rp := RetentionPolicyInfo{Name: column(row, "name")}
		at := row.Series().Column
		var err error
		if rp.Duration, err = time.ParseDuration(column(row, "duration")); err != nil {
			return &fastclient.ServerError{Op: "query", Status: 200, Message: "duration of a retention policy cannot be read"}
		}
		if s := column(row, "shardGroupDuration"); s != "" {
			if rp.ShardDuration, err = time.ParseDuration(s); err != nil {
				return &fastclient.ServerError{Op: "query", Status: 200, Message: "shard duration of a retention policy cannot be read"}
			}
		}
		rp.Forever = rp.Duration == 0
		n, err := row.Int(at("replicaN"))
		if err != nil {
			return err
		}
		rp.Replication = int(n)
		rp.Default, err = row.Bool(at("default"))
		out = append(out, rp)
		return err
	})
	return out, err
}

// CreateRetentionPolicy creates a retention policy in a database, the client's
// if the name is empty. It needs a Duration or Forever.
func CreateRetentionPolicy(ctx context.Context, c *fastclient.Client, database string, rp RetentionPolicyInfo) error {
	if rp.Duration == 0 && !rp.Forever {
		return &fastclient.OptionError{Field: "Duration", Reason: "is missing"}
	}
	rp.Replication = max(1, rp.Replication)
	return retentionPolicy(ctx, c, "CREATE", database, rp)
}

// AlterRetentionPolicy changes the fields that are set.
func AlterRetentionPolicy(ctx context.Context, c *fastclient.Client, database string, rp RetentionPolicyInfo) error {
	if rp.Duration == 0 && !rp.Forever && rp.ShardDuration == 0 && rp.Replication == 0 && !rp.Default {
		return &fastclient.OptionError{Field: "RetentionPolicyInfo", Reason: "changes nothing"}
	}
	return retentionPolicy(ctx, c, "ALTER", database, rp)
}

func retentionPolicy(ctx context.Context, c *fastclient.Client, verb, database string, rp RetentionPolicyInfo) error {
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
	return exec(ctx, c, s)
}

// DropRetentionPolicy deletes a retention policy with everything in it, from a
// database, the client's if the name is empty.
func DropRetentionPolicy(ctx context.Context, c *fastclient.Client, database, name string) error {
	return exec(ctx, c, newStatement("DROP RETENTION POLICY ").name("RetentionPolicy", name).
		words(" ON ").name("Database", cmp.Or(database, c.Database())))
}

// durationLiteral returns d in InfluxQL, exact to the nanosecond.
func durationLiteral(d time.Duration) string {
	if d%time.Second == 0 {
		return strconv.FormatInt(int64(d/time.Second), 10) + "s"
	}
	return strconv.FormatInt(int64(d), 10) + "ns"
}
