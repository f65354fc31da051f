package frame

// noCopy makes go vet report a copy of the struct that it is the first field of.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}
