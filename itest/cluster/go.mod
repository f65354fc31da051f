module github.com/pointwire/pointwire/itest/cluster

go 1.26.0

require github.com/pointwire/pointwire v0.0.0-00010101000000-000000000000

require (
	github.com/klauspost/compress v1.20.4 // indirect
	github.com/molecule-man/go-brrr v1.3.1 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	github.com/valyala/fasthttp v1.78.0 // indirect
	github.com/valyala/fastjson v1.6.10 // indirect
)

replace github.com/pointwire/pointwire => ../..
