package encode

import "github.com/pointwire/pointwire/internal/measure"

var makers = map[string]func(size float64) (measure.Case, error){
	"trade": tradeCase, "cpu": cpuCase, "server": serverCase, "logs": logsCase,
	"refuse": refuseCase,
}

func cases(size float64, want func(string) bool) ([]measure.Case, error) {
	var list []measure.Case
	for _, name := range names {
		if !want(name) {
			continue
		}
		c, err := makers[name](size)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}
