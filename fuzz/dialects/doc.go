// Package dialects compares the table of internal/line/dialect with the parsers of servers,
// and package line with line-protocol/v2. It is a module of its own, since VictoriaMetrics
// requires other versions of modules than the oracles of fuzz.
package dialects
