package batch

// A sizeLimit is the size of requests that a server takes, as far as it was learned from
// its refusals.
//
// A refusal may be a passing one, of a proxy that is short of memory or of one server
// behind it. So the limit is doubled after some requests that came close to it, and what
// a refusal then costs is made rare: each doubles the number of requests it takes.
type sizeLimit struct {
	limit    int // requests of more bytes of lines are refused; 0: not known
	fits     int // requests stored since the limit moved that were larger than its half
	patience int // how many of these it takes to double it
	raised   bool
}

// Bounds of patience. At the upper one a server with a real limit refuses one request of
// a thousand.
const (
	patienceMin = 8
	patienceMax = 1024
)

// refused takes note that the server refused size bytes, and reports whether the limit is
// lower than before.
func (s *sizeLimit) refused(size int) bool {
	limit := max(size/2, minBatchBytes)
	if s.limit > 0 && limit >= s.limit {
		return false
	}
	if s.patience = max(s.patience, patienceMin); s.raised {
		s.patience = min(2*s.patience, patienceMax)
	}
	s.limit, s.fits, s.raised = limit, 0, false
	return true
}

// stored takes note that the server took size bytes, and reports whether the limit is
// higher than before. At most it is gone, when requests of largest bytes are within it.
func (s *sizeLimit) stored(size, largest int) bool {
	if s.limit == 0 || size <= s.limit/2 {
		return false
	}
	if s.fits++; s.fits < s.patience {
		return false
	}
	s.limit, s.fits, s.raised = 2*s.limit, 0, true
	if s.limit >= largest {
		s.limit = 0
	}
	return true
}
