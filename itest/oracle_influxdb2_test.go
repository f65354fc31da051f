package itest

import (
	"net/http"
	"testing"

	"github.com/pointwire/pointwire/lp"
)

func init() {
	start := func(t *testing.T) *Server { return startInfluxDB2(t, inMemory(t)) }
	oracleTargets = append(oracleTargets,
		oracleTarget{name: "2.8.0", start: start, database: yearlyBucket, client: newClient, whole: true, paths: 2, coarsest: lp.Second, unsigned: true},
		oracleTarget{name: "2.8.0 by its 1.x endpoint", start: start, database: yearlyBucket, client: newClient1, whole: true, paths: 2},
	)
}

func yearlyBucket(t *testing.T, s *Server, name string) {
	t.Helper()
	if err := s.DropBucket(name); err != nil {
		t.Fatal(err)
	}
	const day = 24 * 60 * 60
	err := s.api(http.MethodPost, "/api/v2/buckets", map[string]any{"orgID": s.orgID, "name": name,
		"retentionRules": []any{map[string]any{"type": "expire", "everySeconds": 365 * day, "shardGroupDurationSeconds": 7 * day}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
}
