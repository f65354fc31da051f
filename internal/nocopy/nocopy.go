// Package nocopy marks structs that break when they are copied.
package nocopy

// A Field as a field of a struct makes go vet (copylocks) report copies of the struct. It
// belongs first, since a last field of no size would make the struct larger.
type Field struct{}

// Lock does nothing: copylocks looks for a type with this method.
func (*Field) Lock() {}

// Unlock does nothing, like Lock.
func (*Field) Unlock() {}
