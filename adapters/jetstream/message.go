package pwjetstream

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"

	"github.com/nats-io/nats.go"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
)

// This file makes a message of a batch and a batch of a message. Anybody may publish to the
// subject, so a header is believed only if it is as a Sink writes it; the body is left to
// batch.Send.

// The names in a header.
const (
	headVersion   = "Pointwire-Version"
	headDatabase  = "Pointwire-Database"
	headPolicy    = "Pointwire-Retention-Policy"
	headPrecision = "Pointwire-Precision"
	headLines     = "Pointwire-Lines"
	headBytes     = "Pointwire-Bytes"
	headEncoding  = "Content-Encoding"
	headReason    = "Pointwire-Reason"
	headStream    = "Pointwire-Stream"
	headSequence  = "Pointwire-Sequence"
	headPart      = "Pointwire-Part"
)

// version is the form of the messages.
const version = "1"

// messageOf returns b as a message that shares its body.
func messageOf(subject string, b *batch.Sealed) *nats.Msg {
	m := nats.NewMsg(subject)
	m.Data = b.Body
	m.Header.Set(headVersion, version)
	setPlace(m.Header, b)
	m.Header.Set(headLines, strconv.Itoa(b.Lines))
	m.Header.Set(headBytes, strconv.Itoa(b.Bytes))
	if b.Encoding != "" {
		m.Header.Set(headEncoding, b.Encoding)
	}
	m.Header.Set(nats.MsgIdHdr, hex.EncodeToString(b.ID[:]))
	return m
}

// setPlace says where the lines of b belong.
func setPlace(h nats.Header, b *batch.Sealed) {
	h.Set(headDatabase, url.QueryEscape(b.Database))
	h.Set(headPolicy, url.QueryEscape(b.RetentionPolicy))
	h.Set(headPrecision, b.Precision.String())
}

// headerSize returns more than what the header of m takes on the wire.
func headerSize(h nats.Header) int {
	n := len("NATS/1.0\r\n\r\n")
	for key, values := range h {
		for _, v := range values {
			n += len(key) + len(v) + len(": \r\n")
		}
	}
	return n
}

// sealedOf returns the batch in a message, or says why there is none. It shares data.
func sealedOf(h nats.Header, data []byte) (b batch.Sealed, err error) {
	r := headerReader{h: h}
	if v := r.one(headVersion); r.err == nil && v != version {
		return b, fmt.Errorf("%s is not %s", headVersion, version)
	}
	b.Database, b.RetentionPolicy = r.text(headDatabase), r.text(headPolicy)
	b.Precision = r.precision()
	b.Lines, b.Bytes = r.number(headLines), r.number(headBytes)
	if _, ok := h[headEncoding]; ok {
		b.Encoding = r.one(headEncoding)
	}
	id, err := hex.DecodeString(r.one(nats.MsgIdHdr))
	if r.err == nil && (err != nil || copy(b.ID[:], id) != len(b.ID) || len(id) != len(b.ID)) {
		r.fail(nats.MsgIdHdr, "is no id of a batch")
	}
	b.Body = data
	return b, r.err
}

// A headerReader reads a header and keeps the first error.
type headerReader struct {
	h   nats.Header
	err error
}

func (r *headerReader) fail(key, what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s %s", key, what)
	}
}

// one returns the value of a key that must be there once.
func (r *headerReader) one(key string) string {
	if values := r.h[key]; len(values) == 1 {
		return values[0]
	} else if len(values) == 0 {
		r.fail(key, "is missing")
	} else {
		r.fail(key, "is there twice")
	}
	return ""
}

func (r *headerReader) text(key string) string {
	s, err := url.QueryUnescape(r.one(key))
	if err != nil {
		r.fail(key, "is not escaped")
	}
	return s
}

func (r *headerReader) number(key string) int {
	n, err := strconv.ParseUint(r.one(key), 10, 31)
	if err != nil {
		r.fail(key, "is no number")
	}
	return int(n)
}

func (r *headerReader) precision() fastclient.Precision {
	word := r.one(headPrecision)
	for p := fastclient.Precision(0); p.Valid(); p++ {
		if p.String() == word {
			return p
		}
	}
	r.fail(headPrecision, "is no precision")
	return 0
}
