package encode

import (
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/workload"
)

// frameEntry writes the trades from columns: one frame for all points, with
// dictionary-coded tags. Making the columns is not timed, as making the structs is not
// timed for the others.
func frameEntry(trades []workload.Trade) entry {
	f := &frame.Frame{Measurement: "Trade", Columns: []frame.Column{
		{Name: "instrument", Role: frame.Tag}, {Name: "source", Role: frame.Tag}, {Name: "side", Role: frame.Tag},
		{Name: "price"}, {Name: "size"}, {Name: "trade_id"},
	}}
	for i := range trades {
		t := &trades[i]
		f.Time = append(f.Time, t.Timestamp)
		f.Columns[0].AppendCode(t.Instrument)
		f.Columns[1].AppendCode(t.Source)
		f.Columns[2].AppendCode(t.Side)
		f.Columns[3].AppendFloat(t.Price)
		f.Columns[4].AppendInt(t.Size)
		f.Columns[5].AppendString(t.TradeID)
	}
	return entry{name: "pointwire-frame", module: ownModule, contender: &framed{frame: f}}
}

type framed struct {
	frame *frame.Frame
	enc   frame.Encoder
}

func (c *framed) AppendLines(dst []byte, lo, hi int) ([]byte, error) {
	return c.enc.AppendRows(dst, c.frame, lo, hi)
}
