// Package decimal converts numbers and times to text and back, exactly. lp and jsonscan
// share it.
//
// float.go and float32.go write floats: a short way for values that are close to a
// decimal of few digits, and the general algorithm for the others. int.go writes integers
// and timestamps, parse.go reads numbers, and the time files convert RFC 3339. Every
// function that stores words (Put) needs the space that its Room constant names, and
// every function that loads words needs NumberPad readable bytes.
package decimal
