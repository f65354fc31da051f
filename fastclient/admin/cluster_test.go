package admin

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/jsonscan"
)

// nodesOf returns a response with a series of nodes and one of events, as openGemini 1.3.1
// writes them.
func nodesOf(nodes, events string) influxtest.Reply {
	return influxtest.JSON(`{"results":[{"statement_id":0,"series":[` +
		`{"columns":["time","status","hostname","nodeID","nodeType","availability"],"values":[` + nodes + `]},` +
		`{"columns":["opId","eventType","db","ptId","srcNodeId","dstNodeId","currState","preState"]` + events + `}]}]}` + "\n")
}

func TestCluster(t *testing.T) {
	const big = `[1,"alive","10.0.0.2:8400",18446744073709551615,"data","available"]`
	largest := ClusterNode{1<<64 - 1, "data", "10.0.0.2:8400", "alive"}
	for name, tt := range map[string]struct {
		reply influxtest.Reply
		want  []ClusterNode
	}{
		"no events": {nodesOf(big, ""), []ClusterNode{largest}},
		"events":    {nodesOf(big, `,"values":[[1,"move","d",0,2,3,"a","b"]]`), []ClusterNode{largest}},
		"no status": {nodesOf(`[1,null,"10.0.0.1:8091",1,"meta","available"],`+big, ""),
			[]ClusterNode{{ID: 1, Role: "meta", Address: "10.0.0.1:8091"}, largest}},
		"fewer columns": {influxtest.JSON(`{"results":[{"series":[{"columns":["nodeID","status"],"values":[[7,"left"]]}]}]}`),
			[]ClusterNode{{ID: 7, Status: "left"}}},
	} {
		got, err := Cluster(t.Context(), client(t, influxtest.New(t, tt.reply)))
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestClusterRecorded reads what a cluster of three stores responded after two were killed.
func TestClusterRecorded(t *testing.T) {
	body, err := os.ReadFile("testdata/opengemini-1.3.1-show-cluster.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Cluster(t.Context(), client(t, influxtest.New(t, influxtest.JSON(string(body)))))
	want := []ClusterNode{
		{1, "meta", "127.0.0.3:8091", "none"}, {2, "meta", "127.0.0.2:8091", "none"}, {3, "meta", "127.0.0.4:8091", "none"},
		{5, "data", "127.0.0.4:8400", "failed"}, {7, "data", "127.0.0.2:8400", "alive"}, {8, "data", "127.0.0.3:8400", "failed"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestNoCluster: a server that is no such cluster is an error, never a cluster without
// nodes, which would look as if no node were down.
func TestNoCluster(t *testing.T) {
	var cell *jsonscan.CellError
	for name, tt := range map[string]struct {
		reply influxtest.Reply
		is    func(error) bool
	}{
		"1.8.10": {influxtest.Error(400, "error parsing query: found CLUSTER, expected CONTINUOUS, DATABASES at line 1, char 6"),
			func(err error) bool {
				return errors.Is(err, fastclient.ErrBadRequest) &&
					strings.HasPrefix(err.Error(), "admin: the server refuses SHOW CLUSTER: fastclient: query: status 400: error parsing query: found CLUSTER")
			}},
		"VictoriaMetrics": {influxtest.JSON(`{"results":[{"name":"databases","columns":["name"],"values":[["db"]]}]}`), noResult},
		"another series":  {influxtest.JSON(`{"results":[{"series":[{"columns":["name"],"values":[["db"]]}]}]}`), noResult},
		"no series":       {influxtest.JSON(`{"results":[{"statement_id":0}]}`), noResult},
		"only events":     {nodesOf("", `,"values":[[1,"move","d",0,2,3,"a","b"]]`), noResult},
		"no results":      {influxtest.JSON(`{"results":[]}`), noResult},
		"no id":           {nodesOf(`[1,"alive","10.0.0.2:8400","two","data","available"]`, ""), func(err error) bool { return errors.As(err, &cell) }},
		"an error":        {influxtest.JSON(`{"results":[{"statement_id":0,"error":"node is not the leader"}]}`), func(err error) bool { return errors.As(err, new(*fastclient.QueryError)) }},
		"unavailable":     {influxtest.Error(503, "busy"), func(err error) bool { return errors.Is(err, fastclient.ErrUnavailable) }},
	} {
		if got, err := Cluster(t.Context(), client(t, influxtest.New(t, tt.reply))); len(got) > 0 || !tt.is(err) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func noResult(err error) bool { return errors.Is(err, fastclient.ErrNoResult) }
