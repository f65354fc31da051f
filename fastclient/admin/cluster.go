package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/jsonscan"
)

// A ClusterNode is a node of an openGemini cluster, as its meta nodes know it.
type ClusterNode struct {
	ID      uint64
	Role    string // meta or data
	Address string // host:port
	// Status is alive for a data node that works. A meta node is none in 1.3, whatever its
	// state, and alive in later versions. Any other word means that the node is gone.
	Status string
}

// Cluster returns the nodes of an openGemini cluster, by SHOW CLUSTER. The nodes that
// respond to queries, ts-sql, are not among them.
//
// A cluster without a quorum responds to a SELECT with status 200 and no rows, and to
// [fastclient.Client.Ping] as ever: an empty response does not mean that there is no data.
// Two checks tell: every data node here is alive, and a canary, a known point that was
// written before, is read back. The first says what the cluster believes, and learns of a
// dead node after about three seconds; the second says what it can read. Without a quorum
// of meta nodes the statement takes half a minute, which a deadline of ctx shortens, and is
// a [*fastclient.QueryError].
//
// A server that has no such statement, such as InfluxDB, is [fastclient.ErrBadRequest]. A
// response without a node is [fastclient.ErrNoResult].
func Cluster(ctx context.Context, c *fastclient.Client, opts ...fastclient.QueryOption) ([]ClusterNode, error) {
	var nodes []ClusterNode
	err := each(ctx, c, newStatement("SHOW CLUSTER"), opts, func(row *jsonscan.Row) error {
		id := row.Series().Column("nodeID")
		if id < 0 {
			return nil // of the other series, data that is on its way between nodes
		}
		n := ClusterNode{Role: column(row, "nodeType"), Address: column(row, "hostname"), Status: column(row, "status")}
		var err error
		if n.ID, err = row.Uint(id); err != nil {
			return err
		}
		nodes = append(nodes, n)
		return nil
	})
	switch {
	case errors.Is(err, fastclient.ErrBadRequest):
		return nil, fmt.Errorf("admin: the server refuses SHOW CLUSTER: %w", err)
	case err == nil && len(nodes) == 0:
		return nil, fastclient.ErrNoResult
	}
	return nodes, err
}
