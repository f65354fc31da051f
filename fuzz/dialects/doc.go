// Package dialects holds the table of internal/line/dialect against the parsers of
// servers, and package line against line-protocol/v2. It is a module of its own:
// VictoriaMetrics asks for other versions than the oracles of fuzz.
package dialects
