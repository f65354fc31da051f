"""The Python clients as contenders: a child of the suite "python".

The first argument is a file of trades, one JSON array each; the second a file
of answers, one a line. Commands come by standard input, one a line:

    NAME run K   do the work on batch K, answer "ok CPU", the nanoseconds of
                 processor time since the start
    NAME show K  do the work on batch K, answer with its outcome as JSON
"""

import gc
import itertools
import json
import sys
import time
from collections import namedtuple

import aioinflux
import influxdb
from aioinflux import FLOAT, INT, STR, TAG, TIMEINT, iterpoints, lineprotocol
from aioinflux.serialization import mapping, serialize
from influxdb.line_protocol import make_lines
from influxdb.resultset import ResultSet

BATCH = 5000

# The functional form of the user guide. Its instrument is a TAG, not a TAGENUM:
# that one writes strings without escapes.
schema = dict(timestamp=TIMEINT, instrument=TAG, source=TAG, side=TAG,
              price=FLOAT, size=INT, trade_id=STR)
Trade = lineprotocol(namedtuple('Trade', schema.keys()), schema=schema)
Row = namedtuple('Row', ['time', 'instrument', 'price', 'side', 'size', 'source', 'trade_id'])


def point(t):
    """The trade in the form of a dict."""
    return {
        'time': t.timestamp,
        'measurement': 'Trade',
        'tags': {'instrument': t.instrument, 'source': t.source, 'side': t.side},
        'fields': {'price': t.price, 'size': t.size, 'trade_id': t.trade_id},
    }


with open(sys.argv[1]) as f:
    trades = [Trade(*json.loads(line)) for line in f]
trades = [t._replace(price=float(t.price)) for t in trades]  # JSON writes 100.0 as 100
points = [point(t) for t in trades]
with open(sys.argv[2]) as f:
    answers = f.readlines()


def batches(items):
    return [items[i:i + BATCH] for i in range(0, len(items), BATCH)]


trade_batches, point_batches = batches(trades), batches(points)
# The data of this comparison is not for the collector to look through.
gc.freeze()


def each_trade(k):
    """What write() does with one point, for each point."""
    return [t.to_lineprotocol() for t in trade_batches[k]]


def all_trades(k):
    """What write() does with a list of points."""
    return serialize(trade_batches[k])


def each_dict(k):
    return [mapping.serialize(p) for p in point_batches[k]]


def official(k):
    """What write_points() of influxdb-python does."""
    return make_lines({'points': point_batches[k]})


def loads(k):
    return json.loads(answers[k])


def points_of(k):
    return list(iterpoints(json.loads(answers[k])))


def tuples_of(k):
    return list(iterpoints(json.loads(answers[k]), parser=Row))


def get_points(k):
    """What query() of influxdb-python returns, point by point."""
    return list(itertools.chain.from_iterable(
        ResultSet(r).get_points() for r in json.loads(answers[k])['results']))


contenders = {
    'aioinflux-lineprotocol': each_trade,
    'aioinflux-lineprotocol-list': all_trades,
    'aioinflux-dict': each_dict,
    'influxdb-python': official,
    'aioinflux-json': loads,
    'aioinflux-iterpoints': points_of,
    'aioinflux-namedtuple': tuples_of,
    'influxdb-python-points': get_points,
}


def show(outcome):
    """The outcome as text, or as rows in the order of the columns."""
    if isinstance(outcome, bytes):
        return outcome.decode()
    if isinstance(outcome, str):
        return outcome
    if isinstance(outcome, dict):
        return [row for r in outcome['results'] for s in r['series'] for row in s['values']]
    if isinstance(outcome[0], bytes):
        return '\n'.join(line.decode() for line in outcome)
    if isinstance(outcome[0], dict):
        return [[p[c] for c in Row._fields] for p in outcome]
    return outcome


def main():
    print(json.dumps({
        'python': sys.version.split()[0],
        'aioinflux': aioinflux.__version__,
        'influxdb': influxdb.__version__,
    }), flush=True)
    for line in sys.stdin:
        name, what, k = line.split()
        outcome = contenders[name](int(k))
        if what == 'show':
            print(json.dumps(show(outcome)), flush=True)
        else:
            del outcome
            print('ok', time.process_time_ns(), flush=True)


main()
