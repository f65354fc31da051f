package encode

import (
	"time"

	"github.com/influxdata/line-protocol/v2/lineprotocol"

	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// serverCase has 50 fields of all kinds. 16,384 points hold 819,200 values.
func serverCase(size float64) (measure.Case, error) {
	type T = workload.Server
	points := workload.Servers(measure.Scale(16384, size, batch+1), 1)
	want := reference(points, "mysql", func(p *T) (tags, fields []pair, ts int64) {
		for i, v := range p.Floats() {
			fields = append(fields, pair{workload.ServerFloats[i], v})
		}
		for i, v := range p.Ints() {
			fields = append(fields, pair{workload.ServerInts[i], v})
		}
		for i, v := range p.Bools() {
			fields = append(fields, pair{workload.ServerBools[i], v})
		}
		for i, v := range p.Strings() {
			fields = append(fields, pair{workload.ServerStrings[i], v})
		}
		return []pair{{"cluster", p.Cluster}, {"host", p.Host}, {"role", p.Role}}, fields, p.Timestamp
	})
	own, err := schemaEntry(points, "mysql")
	if err != nil {
		return measure.Case{}, err
	}
	entries := []entry{
		own,
		{name: "pointwire-encoder", module: ownModule, contender: &encoder[T]{points: points, add: func(e *lp.Encoder, p *T) error {
			e.Point("mysql")
			e.Tag("cluster", p.Cluster)
			e.Tag("host", p.Host)
			e.Tag("role", p.Role)
			for i, v := range p.Floats() {
				e.Float(workload.ServerFloats[i], v)
			}
			for i, v := range p.Ints() {
				e.Int(workload.ServerInts[i], v)
			}
			for i, v := range p.Bools() {
				e.Bool(workload.ServerBools[i], v)
			}
			for i, v := range p.Strings() {
				e.String(workload.ServerStrings[i], v)
			}
			return e.EndTimestamp(p.Timestamp)
		}}},
		{name: "handwritten", contender: &handwritten[T]{points, func(dst []byte, p *T) []byte {
			dst = append(dst, "mysql"...)
			dst = handTag(dst, "cluster", p.Cluster)
			dst = handTag(dst, "host", p.Host)
			dst = handTag(dst, "role", p.Role)
			for i, v := range p.Floats() {
				dst = handFloat(dst, " ,"[min(i, 1)], workload.ServerFloats[i], v)
			}
			for i, v := range p.Ints() {
				dst = handInt(dst, ',', workload.ServerInts[i], v)
			}
			for i, v := range p.Bools() {
				dst = handBool(dst, ',', workload.ServerBools[i], v)
			}
			for i, v := range p.Strings() {
				dst = handString(dst, ',', workload.ServerStrings[i], v)
			}
			return handTime(dst, p.Timestamp)
		}}},
	}
	entries = append(entries, lp2Entries(points, func(e *lineprotocol.Encoder, p *T) {
		e.StartLine("mysql")
		e.AddTag("cluster", p.Cluster)
		e.AddTag("host", p.Host)
		e.AddTag("role", p.Role)
		for i, v := range p.Floats() {
			e.AddField(workload.ServerFloats[i], mustFloat(v))
		}
		for i, v := range p.Ints() {
			e.AddField(workload.ServerInts[i], lineprotocol.IntValue(v))
		}
		for i, v := range p.Bools() {
			e.AddField(workload.ServerBools[i], lineprotocol.BoolValue(v))
		}
		for i, v := range p.Strings() {
			e.AddField(workload.ServerStrings[i], mustString(v))
		}
		e.EndLine(time.Unix(0, p.Timestamp))
	})...)
	clients, err := clientEntries(points, "mysql", func(p *T) (map[string]string, map[string]any, time.Time) {
		fields := make(map[string]any, 50)
		for i, v := range p.Floats() {
			fields[workload.ServerFloats[i]] = v
		}
		for i, v := range p.Ints() {
			fields[workload.ServerInts[i]] = v
		}
		for i, v := range p.Bools() {
			fields[workload.ServerBools[i]] = v
		}
		for i, v := range p.Strings() {
			fields[workload.ServerStrings[i]] = v
		}
		return map[string]string{"cluster": p.Cluster, "host": p.Host, "role": p.Role}, fields, time.Unix(0, p.Timestamp)
	})
	return newCase("server", len(points), want, append(entries, clients...)), err
}
