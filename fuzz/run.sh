#!/bin/sh
# Runs the fuzz targets of this module, of bench/oracle and of the library one after the other, and
# prints what each did. It keeps nothing but the inputs that go test -fuzz itself
# stores: new paths in the build cache, a failing input in testdata.
#
#	fuzz/run.sh [seconds] [target ...]
#
# A target is package.Name, as they are printed, or Name for all of that name. The
# default is 30 seconds for every target. The exit status is 1 if any failed.
set -u
cd "$(dirname "$0")/.." || exit 1
seconds=${1:-30}
[ $# -gt 0 ] && shift
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
status=0

# run fuzzes target $2 of package $1. A target that ran nothing is no success.
run() {
	local where=. of=./$1 result execs paths
	case $1 in
	fuzz) where=fuzz of=. ;;
	bench/*) where=bench of=./${1#bench/} ;;
	esac
	if go test -C "$where" -run '^$' -fuzz "^$2\$" -fuzztime "${seconds}s" -fuzzminimizetime 20x -parallel 1 "$of" >"$log" 2>&1; then
		result=ok
	elif grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input written' "$log"; then
		# The time ended while a worker was starting an input: go test calls
		# that a failure of the target (golang/go issue 75804, mended in Go 1.27).
		result='ok (cut off)'
	else
		result=FAILED
	fi
	execs=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
	paths=$(sed -n 's/.*new interesting: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
	# Where no such target is, go test is content; a short run may end with the seeds.
	grep -q '^fuzz: elapsed' "$log" || result=FAILED
	printf '%-32s %12s %10s  %s\n' "$1.$2" "${execs:-0}" "${paths:-0}" "$result"
	if [ "$result" = FAILED ]; then
		status=1
		cat "$log"
	fi
}

wanted() {
	name=$1
	shift
	[ $# -eq 0 ] && return 0
	for want; do
		[ "$want" = "$name" ] || [ "$want" = "${name##*.}" ] && return 0
	done
	return 1
}

printf '%-32s %12s %10s  %s\n' target executions 'new paths' result
for package in fuzz bench/oracle lp jsonscan frame fastclient fastclient/internal/complaint fastclient/internal/points fastclient/batch fastclient/batch/spool fastclient/batch/internal/verdict cmd/lpbench internal/keyindex internal/printable internal/swar internal/decimal internal/deflate internal/inflate internal/line internal/msgpack internal/shard; do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\)(f \*testing\.F).*/\1/p' "$package"/*_test.go); do
		wanted "$package.$target" "$@" && run "$package" "$target"
	done
done
exit $status
