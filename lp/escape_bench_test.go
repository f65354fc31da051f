package lp_test

import (
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// BenchmarkEscape writes names and texts: short and clean ones, which are nearly
// all there are, short ones of which each needs escaping, and long texts that do.
func BenchmarkEscape(b *testing.B) {
	const n = 100_000
	var clean, dirty, long []string
	for _, t := range workload.Trades(n, 1) {
		clean = append(clean, t.TradeID[:4+len(clean)%17])
		dirty = append(dirty, "a "+t.TradeID[:2+len(dirty)%15]+",")
	}
	for _, l := range workload.Logs(n, 1) {
		long = append(long, l.Message)
	}
	for _, c := range []struct {
		name   string
		values []string
		add    func(dst []byte, v string) []byte
	}{
		{"tag", clean, func(dst []byte, v string) []byte { return lp.AppendTag(dst, "host", v) }},
		{"tag-escaped", dirty, func(dst []byte, v string) []byte { return lp.AppendTag(dst, "host", v) }},
		{"measurement-escaped", dirty, lp.AppendMeasurement},
		{"fieldkey-escaped", dirty, lp.AppendFieldKey},
		{"string", clean, lp.AppendString},
		{"string-long-escaped", long, lp.AppendString},
	} {
		b.Run("case="+c.name+"/lib=pointwire", func(b *testing.B) {
			var dst []byte
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				dst = c.add(dst[:0], c.values[i])
				if i++; i == len(c.values) {
					i = 0
				}
			}
		})
	}
}
