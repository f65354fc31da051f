// Package decimal converts numbers and times to text and back, exactly. It is
// shared by lp and jsonscan.
package decimal
