module github.com/pointwire/pointwire/examples/gateway

go 1.26.0

require github.com/pointwire/pointwire v0.0.0

replace github.com/pointwire/pointwire => ../..
