package fast

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/doertest"
)

// TestPanickingHooks: a hook, or a dialer, that panics gives the place in the pool back.
func TestPanickingHooks(t *testing.T) {
	s := influxtest.New(t)
	angry := true
	burst := func() {
		if angry {
			panic("hook")
		}
	}
	for name, o := range map[string]transport.Options{
		"Dial":      {Hooks: &transport.Hooks{Dial: func(string, time.Duration, error) { burst() }}},
		"GotConn":   {Hooks: &transport.Hooks{GotConn: func(bool, time.Duration, int) { burst() }}},
		"Wrote":     {Hooks: &transport.Hooks{Wrote: func(int64) { burst() }}},
		"FirstByte": {Hooks: &transport.Hooks{FirstByte: func(time.Duration) { burst() }}},
		"dialer": {Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			burst()
			return new(net.Dialer).DialContext(ctx, network, addr)
		}},
	} {
		to := doertest.To(s)
		o.Network, o.Addr, o.Host, o.MaxConns, o.PoolTimeout = to.Network, to.Addr, to.Host, 1, time.Second
		d := New(o)
		angry = true
		for range 3 {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: no panic", name)
					}
				}()
				var resp transport.Response
				d.Do(t.Context(), doertest.Post("m v=1 1"), &resp)
			}()
		}
		angry = false
		var resp transport.Response
		if err := d.Do(t.Context(), doertest.Post("m v=1 1"), &resp); err != nil {
			t.Errorf("%s: after three panics: %v", name, err)
		} else {
			resp.Close()
		}
		d.Close()
	}
}
