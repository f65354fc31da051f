package jsonscan

// A noCopy as the first field of a struct makes go vet report copies of the struct.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}
