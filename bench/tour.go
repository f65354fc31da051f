package bench

// tour maps a suite or suite/case to the share of its data that a tour uses: as little as
// leaves 100,000 distinct values, since making and checking the data takes most of the
// time of a short measurement.
var tour = map[string]float64{
	"encode/trade":         0.8,   // 104,857 points
	"encode/cpu":           0.125, // 16,384 points of ten floats
	"encode/server":        0.4,   // 6,553 points of 45 numbers
	"encode/logs":          0.3,   // 39,321 points of three values that do not repeat
	"encode/refuse":        0.3,   // 39,321 points, paths and command lines
	"decode/trade":         0.8,   // 100,000 points
	"decode/cpu":           0.125, // 15,000 points of ten floats
	"decode/server":        0.04,  // 5,000 points of 50 values
	"decode/logs":          0.3,   // 35,000 points of 200 random bytes
	"decode/sensor":        0.8,   // 100,000 points
	"decode/mixed":         0.4,   // 50,000 points of three values
	"decode/sparse":        0.2,   // 25,000 points of nine values
	"decode/names":         0.8,   // 100,000 points
	"numbers":              1,     // 131,072 values
	"query":                0.1,   // 105,000 cells and more, 1 to 3 MB
	"query/logs":           0.28,  // 16,800 rows of six cells
	"query/logs_escaped":   0.42,  // 16,800 rows of six cells
	"structs":              0.1,   // 15,000 rows of seven cells
	"columns":              0.1,   // as for query
	"columns/logs":         0.28,
	"columns/logs_escaped": 0.42,
	"transport":            1,    // 26 batches of 5,000 points
	"python":               0.4,  // 50,000 points, 5 responses of 10,000 rows
	"python/trade":         0.8,  // 100,000 points
	"gzip":                 0.25, // 6 batches of 5,000 points
	"gunzip":               0.1,  // 0.7 to 3 MB, 20 blocks and more
	"spool":                0.2,  // 5 batches
	"spool/writer":         0.8,  // 100,000 points
	"spool/writer-structs": 0.8,
	"whole":                1,    // 10 batches of 5,000 points
	"spool/recovery":       0.05, // 54 MB, more than the caches of a processor
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
