#!/bin/sh
# Runs fuzz targets one after the other and prints what each did. It keeps
# nothing but the inputs that go test -fuzz itself stores: new paths in the
# build cache, a failing input in testdata.
#
#	./run.sh [seconds] [target ...]
#
# The default is 30 seconds for every target. The exit status is 1 if any
# target failed.
set -u
cd "$(dirname "$0")" || exit 1
seconds=${1:-30}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- $(go test -list '^Fuzz' . | grep '^Fuzz')
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
status=0
printf '%-20s %12s %10s  %s\n' target executions 'new paths' result
for target; do
	if go test -run '^$' -fuzz "^$target\$" -fuzztime "${seconds}s" -fuzzminimizetime 20x -parallel 1 . >"$log" 2>&1; then
		result=ok
	elif grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input written' "$log"; then
		# The time ended while a worker was starting an input: go test calls
		# that a failure of the target (golang/go issue 75804, mended in Go 1.27).
		result='ok (cut off)'
	else
		result=FAILED
		status=1
	fi
	execs=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
	paths=$(sed -n 's/.*new interesting: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
	printf '%-20s %12s %10s  %s\n' "$target" "${execs:-0}" "${paths:-0}" "$result"
	[ "$result" = ok ] || cat "$log"
done
exit $status
