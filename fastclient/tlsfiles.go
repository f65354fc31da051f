package fastclient

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"sync"
	"time"
)

// TLSFiles are PEM files for TLS. The client's certificate is read again when
// its file has changed, so that it can be renewed while the client runs.
type TLSFiles struct {
	CA        string // certificates that the server's must lead to; empty for the system's
	Cert, Key string // the client's certificate
}

// config returns base with what the files hold.
func (f TLSFiles) config(base *tls.Config) (*tls.Config, error) {
	c := new(tls.Config)
	if base != nil {
		c = base.Clone()
	}
	if f.CA != "" {
		pem, err := os.ReadFile(f.CA)
		if err != nil {
			return nil, &OptionError{"TLSFiles.CA", "cannot be read"}
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, &OptionError{"TLSFiles.CA", "holds no certificate"}
		}
	}
	if (f.Cert == "") != (f.Key == "") {
		return nil, &OptionError{"TLSFiles", "needs both Cert and Key, or neither"}
	}
	if f.Cert != "" {
		k := &keyPair{files: f}
		if _, err := k.get(nil); err != nil {
			return nil, &OptionError{"TLSFiles.Cert", "and Key cannot be read as a pair"}
		}
		c.GetClientCertificate = k.get
	}
	return c, nil
}

// A keyPair is a certificate in files that may change.
type keyPair struct {
	files TLSFiles
	mu    sync.Mutex
	cert  *tls.Certificate
	read  [2]time.Time // when the files read last had changed
}

// get returns the certificate, read again if a file has changed. A pair that
// cannot be read, as while it is being replaced, leaves the old one.
func (k *keyPair) get(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var now [2]time.Time
	for i, name := range [...]string{k.files.Cert, k.files.Key} {
		info, err := os.Stat(name)
		if err != nil && k.cert == nil {
			return nil, err
		}
		if err == nil {
			now[i] = info.ModTime()
		}
	}
	if k.cert != nil && now == k.read {
		return k.cert, nil
	}
	cert, err := tls.LoadX509KeyPair(k.files.Cert, k.files.Key)
	if err == nil {
		k.cert, k.read = &cert, now
	} else if k.cert == nil {
		return nil, err
	}
	return k.cert, nil
}
