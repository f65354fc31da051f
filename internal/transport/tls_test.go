package transport

import (
	"crypto/tls"

	"github.com/pointwire/pointwire/internal/influxtest"
)

func serverTLS(c *influxtest.Cert) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{c.TLS}}
}

func clientTLS(c *influxtest.Cert) *tls.Config {
	return &tls.Config{RootCAs: c.Pool, ServerName: "localhost"}
}
