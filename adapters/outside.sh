#!/usr/bin/env bash
# Requires each adapter from a program outside the checkout, as published: from archives of
# the last commit with the versions of a release. It serves them from a directory, so
# nothing is tagged or uploaded. Dependencies come from the module cache.
#
#	adapters/outside.sh             all of them
#	adapters/outside.sh prometheus  one
set -euo pipefail
cd "$(dirname "$0")/.."
root=github.com/pointwire/pointwire
version=v0.99.0
[ $# -eq 0 ] && set -- arrow jetstream otel prometheus

tmp=$(mktemp -d)
trap 'chmod -R u+w "$tmp"; rm -rf "$tmp"' EXIT
proxy=$tmp/proxy

# publish MODULE DIR puts what is committed in DIR into the directory, except nested modules.
publish() {
	local module=$1 dir=$2 at=$proxy/$1/@v nested
	mkdir -p "$at"
	nested=$(cd "$dir" && git ls-files '*/go.mod' | sed 's|\(.*\)/go.mod|:(exclude)\1|')
	(cd "$dir" && git archive --format=zip --prefix="$module@$version/" -o "$at/$version.zip" HEAD -- . $nested)
	cp "$dir/go.mod" "$at/$version.mod"
	printf '{"Version":"%s"}' "$version" >"$at/$version.info"
	echo "$version" >"$at/list"
}

# release ADAPTER copies an adapter into a repository of its own that requires the version.
release() {
	local dir=$tmp/$1
	mkdir "$dir"
	git archive "HEAD:adapters/$1" | tar x -C "$dir"
	go mod edit -require "$root@$version" "$dir/go.mod"
	git -C "$dir" init -q && git -C "$dir" add -A
	git -C "$dir" -c user.name=x -c user.email=x@localhost commit -qm x
	publish "$root/adapters/$1" "$dir"
}

publish "$root" .
export GOPROXY="file://$proxy,file://$(go env GOMODCACHE)/cache/download" GOSUMDB=off GOFLAGS=-mod=mod GOMODCACHE=$tmp/mod
for adapter; do
	release "$adapter"
	program=$tmp/program-$adapter
	mkdir "$program"
	printf 'package main\n\nimport _ "%s/adapters/%s"\n\nfunc main() {}\n' "$root" "$adapter" >"$program/main.go"
	(cd "$program" && go mod init example.org/program 2>/dev/null)
	(cd "$program" && go get "$root/adapters/$adapter@$version" && go build -o program . && ./program)
	(cd "$program" && go list -m "$root" "$root/adapters/$adapter")
done
echo "PASSED: $*"
