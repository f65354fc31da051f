module github.com/pointwire/pointwire/fuzz

go 1.26.0

require (
	github.com/go-json-experiment/json v1.27.2
	github.com/influxdata/influxdb v1.8.10
	github.com/influxdata/influxql v1.1.1-0.20200828144457-65d3ef77d385
	github.com/influxdata/line-protocol/v2 v2.2.1
	github.com/pointwire/pointwire v0.0.0
	github.com/valyala/fastjson v1.6.10
)

require (
	github.com/gogo/protobuf v1.3.2 // indirect
	github.com/klauspost/compress v1.20.4 // indirect
	github.com/molecule-man/go-brrr v1.3.1 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	github.com/valyala/fasthttp v1.78.0 // indirect
)

replace github.com/pointwire/pointwire => ../
