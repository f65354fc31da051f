package influxtest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
)

// The ports of FreeAddr are below those that systems give to connections and to listeners
// on port 0: 32768 and up on Linux, 49152 and up elsewhere.
const (
	firstPort = 16000
	ports     = 16000
)

// nextPort begins anywhere, so that processes that run at once rarely meet.
var nextPort atomic.Uint32

func init() { nextPort.Store(rand.Uint32N(ports)) }

// FreeAddr returns a loopback address that nobody listens on, and another one at each call.
// It is for a server that stops and starts again: no connection of anybody gets its port
// while it is away, as happens to a port that was given for port 0.
func FreeAddr() (string, error) {
	var failed error
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", firstPort+nextPort.Add(1)%ports)
		l, err := net.Listen("tcp", addr)
		if err == nil {
			l.Close()
			return addr, nil
		}
		failed = err
	}
	return "", failed
}
