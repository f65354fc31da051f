package page

import (
	"strings"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
)

// suiteAbout says what the contenders of a suite do.
var suiteAbout = map[string]string{
	"roundtrip": "Points go to a real server and come back, and every value is compared.",
	"load":      "Points go to a server, or rows come from it, for a while.",
	"encode":    "Structs become line protocol, in batches of 5,000 points.",
	"decode":    "Line protocol becomes typed values, from bodies of 5,000 lines.",
	"numbers":   "Numbers become text, and texts numbers.",
	"query":     "Every cell of a query response is read.",
	"structs":   "The rows of a query response become structs.",
	"columns":   "A query response becomes typed columns.",
	"msgpack":   "Every cell of a query response in MessagePack is read, beside the same response in JSON.",
	"transport": "A client sends to a server that discards everything; only the client's processor time counts.",
	"gzip":      "Request bodies are compressed.",
	"gunzip":    "Compressed query responses are decompressed.",
	"python":    "The same work as the Python clients, which run in a process of their own.",
	"spool":     "Compressed batches of 5,000 points go to disk; processor time counts where no sync is waited for.",
	"whole":     "Clients write structs to a real server and read them back; only the client's processor time counts.",
	"quick":     "Beside the standard library, without a server.",
}

// caseAbout says in a sentence what a case is about: its name alone says little. Suites
// that share bodies share the sentences of "lines" and "bodies".
var caseAbout = map[string]string{
	"encode/refuse": "Points of which some cannot be written and must be refused.",

	"lines/trade":   "Trades of the user guide: three tags, two numbers and an id.",
	"lines/cpu":     "Load of hosts as in the Time Series Benchmark Suite: ten tags, ten integers.",
	"lines/server":  "A database server's report: fifty fields of every kind.",
	"lines/servers": "A database server's report: fifty fields of every kind.",
	"lines/logs":    "Log messages of 200 bytes with characters that need escapes.",
	"lines/sensor":  "Readings of sensors: short lines with few digits.",
	"lines/mixed":   "Lines of several measurements in random order.",
	"lines/sparse":  "Points that each have a few of many fields.",
	"lines/names":   "Many measurements and keys, in random order.",
	"lines/hostmon": "Counters of a real host, read from /proc.",
	"lines/paths":   "Paths of files on Windows hosts, full of backslashes.",

	"bodies/cpugb":        "40 series of ten floats with 15 to 17 digits, 29 MB.",
	"bodies/cpu2gb":       "40 series of ten floats with two decimals, 11 MB.",
	"bodies/trade":        "150,000 trades in one series, 14 MB.",
	"bodies/wide":         "6,000 rows of 201 columns, every fifth cell null, 12 MB.",
	"bodies/logs":         "60,000 short messages, most of them with escapes, 7 MB.",
	"bodies/logs_escaped": "40,000 long messages with many escapes each, 12 MB.",
	"bodies/mix":          "150,000 rows of integers, booleans, strings, floats and nulls, 12 MB.",
	"bodies/small_mean":   "A dashboard panel: means per minute of 60 hosts, 50 KB.",
	"bodies/small_last":   "The last value of 40 hosts, 5 KB.",

	"transport/write5000":         "A request of 5,000 lines that are there already.",
	"transport/write1":            "A request of one line.",
	"transport/gzip5000":          "A request of 5,000 lines, compressed.",
	"transport/structs5000":       "5,000 structs, encoded, compressed and sent.",
	"transport/writer5000":        "5,000 structs, given to the batching writer of each client.",
	"transport/stream":            "A response of 29 MB, read row by row.",
	"transport/compressed-stream": "A compressed response, read row by row.",

	"gzip/random":  "Random bytes, which do not get smaller.",
	"gzip/structs": "Trades, encoded and compressed in one go.",

	"python/trade": "The trade of the user guide as a class with a schema.",
	"python/dict":  "The trade of the user guide as a dict.",
	"python/rows":  "A response of 10,000 rows.",

	"spool/put":            "Batches written and acked, without a sync.",
	"spool/put-sync":       "Batches written and acked, with a sync for each.",
	"spool/recovery":       "A directory that is opened again.",
	"spool/writer":         "A batching writer that would spill to disk, to a server that takes everything.",
	"spool/writer-structs": "Structs through a batching writer that writes each batch to disk before it is sent.",

	"whole/write": "Trades, from structs until they are stored.",
	"whole/query": "The same trades, from the query to structs.",

	"load/write": "From the moment a batch was due until its points were stored.",
	"load/query": "From the moment a query was due until its last row was read.",

	"numbers/format-rfc3339": "Times become text as in RFC 3339.",
	"numbers/parse-rfc3339":  "Texts as in RFC 3339 become times.",
}

// numberAbout says what the numbers of a set are like.
var numberAbout = map[string]string{
	"sensor":     "readings of sensors with one to three decimals",
	"sensor2":    "percentages with two decimals",
	"prices":     "prices with two decimals",
	"geo6":       "positions in degrees with six decimals",
	"canada":     "coordinates of 15 to 17 digits",
	"uniform":    "shares between 0 and 1 in full",
	"bits":       "random bit patterns",
	"half":       "readings and shares in random order",
	"mix":        "what an agent sends: counters, readings and shares",
	"whole":      "whole numbers below a million",
	"zero":       "zeros",
	"lt100":      "integers below 100",
	"lt1000":     "integers below 1,000",
	"lt1e6":      "integers below a million",
	"digits":     "integers of 1 to 19 digits",
	"signed":     "integers of 1 to 19 digits with either sign",
	"random63":   "random integers of 63 bits",
	"timestamp":  "timestamps of any time",
	"sequential": "timestamps that follow each other",
}

// about returns what a case is about, the suite's sentence if it has none of its own.
func about(c results.Case) string {
	if text := caseAbout[c.Suite+"/"+c.Name]; text != "" {
		return text
	}
	switch c.Suite {
	case "encode", "decode":
		if text := caseAbout["lines/"+c.Name]; text != "" {
			return text
		}
	case "query", "columns", "msgpack", "gunzip", "structs":
		name, chunked := strings.CutSuffix(c.Name, "_chunked")
		if text := caseAbout["bodies/"+name]; text != "" {
			if chunked {
				text = strings.TrimSuffix(text, ".") + ", in chunks."
			}
			return text
		}
	case "gzip":
		if name, ok := strings.CutPrefix(c.Name, "json-"); ok && caseAbout["bodies/"+name] != "" {
			return "A query response in JSON. " + caseAbout["bodies/"+name]
		}
		name, lines, sized := strings.Cut(c.Name, "-")
		if text := caseAbout["lines/"+name]; text != "" {
			if !sized {
				lines = "5,000"
			}
			return strings.TrimSuffix(text, ".") + "; " + lines + " lines."
		}
	case "numbers":
		return numbersAbout(c.Name)
	}
	return suiteAbout[c.Suite]
}

func numbersAbout(name string) string {
	parts := strings.SplitN(name, "-", 3)
	if len(parts) < 3 || numberAbout[parts[2]] == "" {
		return suiteAbout["numbers"]
	}
	verb := "Written: "
	if parts[0] == "parse" {
		verb = "Read: "
	}
	text := verb + numberAbout[parts[2]]
	if parts[1] == "float32" {
		text += ", in 32 bits"
	}
	return text + "."
}
