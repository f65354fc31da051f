module github.com/pointwire/pointwire/fuzz/dialects

go 1.26.5

replace github.com/pointwire/pointwire => ../../

// VictoriaMetrics asks for a later one; what is compared is the server of itest.
replace github.com/influxdata/influxdb => github.com/influxdata/influxdb v1.8.10

require (
	github.com/VictoriaMetrics/VictoriaMetrics v1.148.8
	github.com/influxdata/influxdb/v2 v2.8.0
	github.com/influxdata/line-protocol/v2 v2.2.1
	github.com/pointwire/pointwire v0.0.0
)

require (
	github.com/VictoriaMetrics/metrics v1.44.0 // indirect
	github.com/VictoriaMetrics/metricsql v0.87.3 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	github.com/valyala/fastjson v1.6.10 // indirect
	github.com/valyala/fastrand v1.1.0 // indirect
	github.com/valyala/histogram v1.2.0 // indirect
	github.com/valyala/quicktemplate v1.8.0 // indirect
	golang.org/x/sys v0.47.0 // indirect
)
