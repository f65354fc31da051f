package workload

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Log is a log line sent as a point: three tags, a message that needs escapes, and the
// duration of the request.
type Log struct {
	Timestamp int64  `lp:",timestamp"`
	Host      string `lp:"host,tag"`
	Level     string `lp:"level,tag"`
	Service   string `lp:"service,tag"`
	Message   string `lp:"message"`
	Micros    int64  `lp:"micros"`
}

var (
	levels   = [...]string{"debug", "error", "info", "info", "info", "info", "warn"}
	services = [...]string{"api gateway", "auth", "billing", "search", "web"}
	paths    = [...]string{`/api/v2/orders`, `/login`, `/search?q=time+series`, `/static/app.js`, `/healthz`}
	files    = [...]string{`C:\Program Files\Acme\agent\agent.log`, `C:\Users\svc\AppData\Local\Temp\job.tmp`, `\\nas01\share\backup\full.bak`}
	agents   = [...]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)",
		"Go-http-client/1.1", "kube-probe/1.31",
	}
)

// Logs returns n log lines in time order. Messages are 200 bytes long on average: access
// logs in the combined format (6 double quotes each), objects printed as JSON (a quote
// every 6 bytes), and errors with Windows paths (backslashes). So the density of escapes
// varies, and suits neither a scan that expects clean text nor one that expects an escape
// in every word. No message holds a line feed, which libraries treat differently.
func Logs(n int, seed uint64) []Log {
	r := rand.New(rand.NewPCG(seed, 0x6c6f6773))
	ts := GuideTrade.Timestamp
	points := make([]Log, n)
	for i := range points {
		ts += 1 + int64(r.ExpFloat64()*2e6)
		took := int64(r.ExpFloat64() * 20_000)
		points[i] = Log{
			Timestamp: ts,
			Host:      fmt.Sprintf("web-%02d.example.net", r.IntN(40)),
			Level:     levels[r.IntN(len(levels))],
			Service:   services[r.IntN(len(services))],
			Message:   message(r, took),
			Micros:    took,
		}
	}
	return points
}

// message returns the text of one log line.
func message(r *rand.Rand, took int64) string {
	path := paths[r.IntN(len(paths))]
	switch r.IntN(3) {
	case 0:
		return fmt.Sprintf(`10.%d.%d.%d - - [22/Oct/2018:04:59:%02d +0000] "GET %s HTTP/1.1" %d %d "https://example.net%s" "%s" request_id=%s`,
			r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(60), path, 200+r.IntN(4)*100, r.IntN(1<<20), path,
			agents[r.IntN(len(agents))], uuid(r))
	case 1:
		var b strings.Builder
		fmt.Fprintf(&b, `request done {"method":"POST","path":%q,"status":%d,"took_us":%d,"user":"u%d","trace":"%s","retries":[`,
			path, 200+r.IntN(4)*100, took, r.IntN(1e6), uuid(r))
		for k := range 1 + r.IntN(3) {
			if k > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"after":"%dms","cause":"timeout"}`, 10+r.IntN(990))
		}
		b.WriteString(`]}`)
		return b.String()
	default:
		return fmt.Sprintf(`cannot open %s: The process cannot access the file because it is being used by another process (pid %d, handle 0x%08x), attempt %d of 5, next in %d ms`,
			files[r.IntN(len(files))], r.IntN(65536), r.Uint32(), 1+r.IntN(5), 100<<r.IntN(5))
	}
}
