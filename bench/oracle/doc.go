// Package oracle compares the statistics of lpbench with those of other libraries: the
// intervals of internal/measure and the test of internal/stat with the package of
// benchstat, the histogram of internal/stat with HdrHistogram. It has only tests, which are
// built without the contenders of the suites.
package oracle
