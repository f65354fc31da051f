package fastclient

import "net/url"

// prepare makes the path and query of a write to t.
func (t *target) prepare(c *core) {
	t.write, t.writeErr = t.appendWrite(nil, c)
}

// appendWrite appends the path and query of a write, or says why there is none.
func (t *target) appendWrite(dst []byte, c *core) ([]byte, error) {
	word := precisionWord(c.o.API, wireUnit(c.o.API, t.precision))
	switch {
	case hasControl(t.db):
		return nil, &OptionError{"Database", "holds a control byte"}
	case hasControl(t.rp):
		return nil, &OptionError{"RetentionPolicy", "holds a control byte"}
	case word == "":
		return nil, &OptionError{"Precision", "is unknown to API " + c.o.API.String()}
	case t.consistency > ConsistencyAll:
		return nil, &OptionError{"Consistency", "is not one of the declared levels"}
	}
	switch c.o.API {
	case V2:
		bucket := c.o.Bucket
		if bucket == "" || t.named {
			if t.db == "" {
				return nil, ErrNoDatabase
			}
			if bucket = t.db; t.rp != "" {
				bucket += "/" + t.rp
			}
		}
		dst = param(append(dst, "/api/v2/write"...), '?', "bucket", bucket)
		if c.o.Org != "" {
			dst = param(dst, '&', "org", c.o.Org)
		}
		dst = param(dst, '&', "precision", word)
	case V3:
		if t.db == "" {
			return nil, ErrNoDatabase
		}
		if t.rp != "" {
			return nil, &OptionError{"RetentionPolicy", "is unknown to API " + c.o.API.String()}
		}
		dst = param(append(dst, "/api/v3/write_lp"...), '?', "db", t.db)
		dst = param(dst, '&', "precision", word)
		if c.o.RejectPartial {
			dst = param(dst, '&', "accept_partial", "false")
		}
		if c.o.NoSync {
			dst = param(dst, '&', "no_sync", "true")
		}
	default:
		if t.db == "" {
			return nil, ErrNoDatabase
		}
		dst = param(append(dst, "/write"...), '?', "db", t.db)
		if t.rp != "" {
			dst = param(dst, '&', "rp", t.rp)
		}
		if wireUnit(V1, t.precision) != Nanosecond {
			dst = param(dst, '&', "precision", word)
		}
	}
	if t.consistency != ConsistencyDefault {
		dst = param(dst, '&', "consistency", t.consistency.String())
	}
	return append(dst, c.userURI...), nil
}

// param appends one parameter of a query.
func param(dst []byte, sep byte, key, value string) []byte {
	dst = append(append(append(dst, sep), key...), '=')
	return append(dst, url.QueryEscape(value)...)
}
