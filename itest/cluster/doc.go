// Package cluster writes to a cluster of openGemini 1.3.1 on this machine, three ts-meta,
// three ts-store and two ts-sql, and kills and pauses its nodes:
//
//	go run -C itest/cluster ./cmd/build
//	POINTWIRE_REQUIRE_CLUSTER=1 go test -C itest/cluster -v -timeout 30m .
//
// The first command builds the servers from their published modules, with a C compiler. It
// takes minutes, and 3 GB of caches. Without the variable the test is skipped.
//
// node_test.go runs the processes, cluster_test.go starts them in the order that they need,
// load_test.go writes and reads back, and chaos_test.go has the test.
//
// The module of the servers is the directory opengemini, which has no code: go mod tidy
// fails on it. So it is a module of its own, and this one is tidy.
package cluster
