package fastclient

// A pointCall is one call that turns points into lines and writes them.
type pointCall struct {
	*writeCall
}
