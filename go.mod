module github.com/pointwire/pointwire

go 1.26.0

require (
	github.com/klauspost/compress v1.20.4
	github.com/valyala/fasthttp v1.78.0
	github.com/valyala/fastjson v1.6.10
)

require (
	github.com/molecule-man/go-brrr v1.3.1 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
)
