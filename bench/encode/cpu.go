package encode

import (
	"time"

	"github.com/influxdata/line-protocol/v2/lineprotocol"

	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// cpuCase has 10 tags and 10 float fields, like the points of a host agent.
func cpuCase(size float64) (measure.Case, error) {
	type T = workload.CPU
	points := workload.CPUs(measure.Scale(131072, size, batch+1), 1)
	want := reference(points, "cpu", func(p *T) (tags, fields []pair, ts int64) {
		for i, v := range p.Tags() {
			tags = append(tags, pair{workload.CPUTags[i], v})
		}
		for i, v := range p.Values() {
			fields = append(fields, pair{workload.CPUFields[i], v})
		}
		return tags, fields, p.Timestamp
	})
	series := make([]lp.Series, workload.CPUHosts)
	for i := range points[:min(len(points), workload.CPUHosts)] {
		p := &points[i]
		tags := make([]lp.Tag, 0, len(workload.CPUTags))
		for k, v := range p.Tags() {
			tags = append(tags, lp.Tag{Key: workload.CPUTags[k], Value: v})
		}
		s, err := lp.NewSeries("cpu", tags...)
		if err != nil {
			return measure.Case{}, err
		}
		series[p.Host] = s
	}
	own, err := schemaEntry(points, "cpu")
	if err != nil {
		return measure.Case{}, err
	}
	layout, err := lp.NewLayout(workload.CPUFields...)
	if err != nil {
		return measure.Case{}, err
	}
	entries := []entry{
		own,
		{name: "pointwire-layout", module: ownModule, contender: &encoder[T]{points: points, add: func(e *lp.Encoder, p *T) error {
			e.Series(series[p.Host])
			row, values := layout.Row(e), p.Values()
			row.Floats(values[:])
			return e.EndTimestamp(p.Timestamp)
		}}},
		{name: "pointwire-series-encoder", module: ownModule, contender: &encoder[T]{points: points, add: func(e *lp.Encoder, p *T) error {
			e.Series(series[p.Host])
			for i, v := range p.Values() {
				e.Float(workload.CPUFields[i], v)
			}
			return e.EndTimestamp(p.Timestamp)
		}}},
		{name: "pointwire-encoder", module: ownModule, contender: &encoder[T]{points: points, add: func(e *lp.Encoder, p *T) error {
			e.Point("cpu")
			for i, v := range p.Tags() {
				e.Tag(workload.CPUTags[i], v)
			}
			for i, v := range p.Values() {
				e.Float(workload.CPUFields[i], v)
			}
			return e.EndTimestamp(p.Timestamp)
		}}},
		{name: "handwritten", contender: &handwritten[T]{points, func(dst []byte, p *T) []byte {
			dst = append(dst, "cpu"...)
			for i, v := range p.Tags() {
				dst = handTag(dst, workload.CPUTags[i], v)
			}
			for i, v := range p.Values() {
				dst = handFloat(dst, " ,"[min(i, 1)], workload.CPUFields[i], v)
			}
			return handTime(dst, p.Timestamp)
		}}},
	}
	entries = append(entries, lp2Entries(points, func(e *lineprotocol.Encoder, p *T) {
		e.StartLine("cpu")
		for i, v := range p.Tags() {
			e.AddTag(workload.CPUTags[i], v)
		}
		for i, v := range p.Values() {
			e.AddField(workload.CPUFields[i], mustFloat(v))
		}
		e.EndLine(time.Unix(0, p.Timestamp))
	})...)
	clients, err := clientEntries(points, "cpu", func(p *T) (map[string]string, map[string]any, time.Time) {
		tags := make(map[string]string, len(workload.CPUTags))
		for i, v := range p.Tags() {
			tags[workload.CPUTags[i]] = v
		}
		fields := make(map[string]any, len(workload.CPUFields))
		for i, v := range p.Values() {
			fields[workload.CPUFields[i]] = v
		}
		return tags, fields, time.Unix(0, p.Timestamp)
	})
	return newCase("cpu", len(points), want, append(entries, clients...)), err
}
