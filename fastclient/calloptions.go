package fastclient

// A WriteOption changes one call that writes. Write options are point options
// too.
type WriteOption interface {
	PointOption
	applyWrite(*writeCall)
}

// A PointOption changes one call that turns points into lines and writes them.
type PointOption interface{ applyPoints(*pointCall) }

// A QueryOption changes one call of [Client.Query] and its kin.
type QueryOption interface{ applyQuery(*queryCall) }

// A CallOption fits writes and queries.
type CallOption interface {
	WriteOption
	QueryOption
}

// Database makes one call use another database and, unless another option names one, its
// default retention policy. It takes precedence over Options.Bucket.
func Database(name string) CallOption { return databaseOption(name) }

type databaseOption string

func (o databaseOption) applyWrite(c *writeCall) {
	c.to.db, c.to.rp, c.to.named, c.own = string(o), "", true, true
}

func (o databaseOption) applyPoints(c *pointCall) { o.applyWrite(c.writeCall) }

func (o databaseOption) applyQuery(c *queryCall) { c.db, c.rp = string(o), "" }

// RetentionPolicy makes one call use another retention policy. It must follow [Database].
func RetentionPolicy(name string) CallOption { return rpOption(name) }

type rpOption string

func (o rpOption) applyWrite(c *writeCall) { c.to.rp, c.own = string(o), true }

func (o rpOption) applyPoints(c *pointCall) { o.applyWrite(c.writeCall) }

func (o rpOption) applyQuery(c *queryCall) { c.rp = string(o) }

// Consistency makes one write wait for the nodes of a cluster as level says.
func Consistency(level ConsistencyLevel) WriteOption { return consistencyOption(level) }

type consistencyOption ConsistencyLevel

func (o consistencyOption) applyWrite(c *writeCall) {
	c.to.consistency, c.own = ConsistencyLevel(o), true
}

func (o consistencyOption) applyPoints(c *pointCall) { o.applyWrite(c.writeCall) }

// WritePrecision says that the timestamps of one write are in units of p. Calls that make
// the lines themselves write the timestamps in that unit.
func WritePrecision(p Precision) WriteOption { return precisionOption(p) }

type precisionOption Precision

func (o precisionOption) applyWrite(c *writeCall) { c.to.precision, c.own = Precision(o), true }

func (o precisionOption) applyPoints(c *pointCall) { o.applyWrite(c.writeCall) }

// Retry makes one call follow another policy.
func Retry(p RetryPolicy) CallOption { return retryOption{&p} }

// NoRetry makes one call make one attempt.
func NoRetry() CallOption { return retryOption{} }

type retryOption struct{ p *RetryPolicy }

func (o retryOption) applyWrite(c *writeCall) { c.policy = o.p }

func (o retryOption) applyPoints(c *pointCall) { c.policy = o.p }

func (o retryOption) applyQuery(c *queryCall) { c.policy = o.p }

// Idempotent says that the call does no harm when it is applied twice: every line has a
// timestamp, or the query only reads. Calls that make their lines find out by themselves.
// A retry policy then also repeats the call after failures that leave open whether it was
// applied.
func Idempotent() CallOption { return idempotentOption{} }

type idempotentOption struct{}

func (idempotentOption) applyWrite(c *writeCall) { c.idempotent = true }

func (idempotentOption) applyPoints(c *pointCall) { c.idempotent = true }

func (idempotentOption) applyQuery(c *queryCall) { c.idempotent = true }

// madeOption says that an encoder made the lines.
type madeOption struct{}

func (madeOption) applyWrite(w *writeCall) { w.makes = true }

func (madeOption) applyPoints(c *pointCall) { c.makes = true }

// TrimCR makes one write of raw lines, by [Client.WriteFrom] or [Lines], treat a carriage
// return before a line feed as part of the line end. [Client.Write] sends lines as they
// are.
func TrimCR() WriteOption { return trimOption{} }

type trimOption struct{}

func (trimOption) applyWrite(c *writeCall) { c.trimCR = true }

func (trimOption) applyPoints(c *pointCall) { c.trimCR = true }
