package encode

import (
	"time"

	"github.com/influxdata/line-protocol/v2/lineprotocol"

	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// logsCase has strings of 200 bytes that need escapes.
func logsCase(size float64) (measure.Case, error) {
	type T = workload.Log
	points := workload.Logs(measure.Scale(131072, size, batch+1), 1)
	want := reference(points, "log", func(p *T) (tags, fields []pair, ts int64) {
		return []pair{{"host", p.Host}, {"level", p.Level}, {"service", p.Service}},
			[]pair{{"message", p.Message}, {"micros", p.Micros}}, p.Timestamp
	})
	own, err := schemaEntry(points, "log")
	if err != nil {
		return measure.Case{}, err
	}
	entries := []entry{
		own,
		{name: "pointwire-encoder", module: ownModule, contender: &encoder[T]{points: points, add: func(e *lp.Encoder, p *T) error {
			e.Point("log")
			e.Tag("host", p.Host)
			e.Tag("level", p.Level)
			e.Tag("service", p.Service)
			e.String("message", p.Message)
			e.Int("micros", p.Micros)
			return e.EndTimestamp(p.Timestamp)
		}}},
		{name: "handwritten", contender: &handwritten[T]{points, func(dst []byte, p *T) []byte {
			dst = append(dst, "log"...)
			dst = handTag(dst, "host", p.Host)
			dst = handTag(dst, "level", p.Level)
			dst = handTag(dst, "service", p.Service)
			dst = handString(dst, ' ', "message", p.Message)
			dst = handInt(dst, ',', "micros", p.Micros)
			return handTime(dst, p.Timestamp)
		}}},
	}
	entries = append(entries, lp2Entries(points, func(e *lineprotocol.Encoder, p *T) {
		e.StartLine("log")
		e.AddTag("host", p.Host)
		e.AddTag("level", p.Level)
		e.AddTag("service", p.Service)
		e.AddField("message", mustString(p.Message))
		e.AddField("micros", lineprotocol.IntValue(p.Micros))
		e.EndLine(time.Unix(0, p.Timestamp))
	})...)
	clients, err := clientEntries(points, "log", func(p *T) (map[string]string, map[string]any, time.Time) {
		return map[string]string{"host": p.Host, "level": p.Level, "service": p.Service},
			map[string]any{"message": p.Message, "micros": p.Micros}, time.Unix(0, p.Timestamp)
	})
	return newCase("logs", len(points), want, append(entries, clients...)), err
}
