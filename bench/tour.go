package bench

// tour holds what share of its data a tour measures each case on, by suite or
// by suite/case: as little as leaves 100,000 distinct values, because making
// and checking the data takes most of the time of a short measurement.
var tour = map[string]float64{
	"encode/trade":  1,     // 131,072 points
	"encode/cpu":    0.125, // 16,384 points of ten floats
	"encode/server": 0.4,   // 6,553 points of 45 numbers
	"encode/logs":   0.8,   // 104,857 messages
	"numbers":       1,     // 131,072 values
	"query":         0.125, // 131,250 cells and more, 1.4 to 3.6 MB
	"query/logs":    0.5,   // 20,000 rows of six cells
	"structs":       0.25,  // 37,500 rows of seven cells
	"transport":     1,     // 26 batches of 5,000 points
	"python":        0.4,   // 50,000 points, 5 answers of 10,000 rows
	"python/trade":  0.8,   // 100,000 points
	"gzip":          0.25,  // 6 batches of 5,000 points
}

// TourSize returns the share of its data that a tour measures a case on.
func TourSize(suite, name string) float64 {
	if size, ok := tour[suite+"/"+name]; ok {
		return size
	}
	if size, ok := tour[suite]; ok {
		return size
	}
	return 0.25
}
