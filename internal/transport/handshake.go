package transport

import (
	"crypto/tls"
	"errors"
	"net/http"
	"reflect"
	"strings"
)

// HandshakeRefused reports whether err is the failure of a TLS handshake that fails again
// until somebody changes one of the two sides: a certificate that one side does not
// accept, no common version or cipher, a server that does not speak TLS. Such a server has
// processed no request, also where a server of TLS 1.3 says so only in response to the
// first one, as it does about the certificate of a client.
func HandshakeRefused(err error) bool {
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	if errors.As(err, &cert) || errors.As(err, &record) || errors.Is(err, http.ErrSchemeMismatch) {
		return true
	}
	if a, ok := alert(err); ok {
		return lastingAlerts[a]
	}
	// Package tls exports no error for the rest, such as a server that chose a version
	// or a cipher which was not offered.
	for ; err != nil; err = errors.Unwrap(err) {
		if strings.HasPrefix(err.Error(), "tls: ") {
			return true
		}
	}
	return false
}

// alert returns the alert in err: one that the server sent, or that is sent to it. Package
// tls keeps its type to itself, which is a uint8 like [tls.AlertError].
func alert(err error) (tls.AlertError, bool) {
	for ; err != nil; err = errors.Unwrap(err) {
		if v := reflect.ValueOf(err); v.Kind() == reflect.Uint8 && v.Type().PkgPath() == "crypto/tls" {
			return tls.AlertError(v.Uint()), true
		}
	}
	return 0, false
}

// lastingAlerts are the alerts of RFC 8446, section 6.2, that speak of how a side is set
// up. The others speak of bytes that were damaged, of an internal error or of a load that
// may pass.
var lastingAlerts = map[tls.AlertError]bool{
	40:  true, // handshake_failure
	42:  true, // bad_certificate
	43:  true, // unsupported_certificate
	44:  true, // certificate_revoked
	45:  true, // certificate_expired
	46:  true, // certificate_unknown
	48:  true, // unknown_ca
	49:  true, // access_denied
	70:  true, // protocol_version
	71:  true, // insufficient_security
	86:  true, // inappropriate_fallback
	109: true, // missing_extension
	110: true, // unsupported_extension
	112: true, // unrecognized_name
	113: true, // bad_certificate_status_response
	115: true, // unknown_psk_identity
	116: true, // certificate_required
	120: true, // no_application_protocol
}
