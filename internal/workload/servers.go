package workload

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Server is a point with fifty fields, as the agents of database servers send them: 16
// floats, 29 integers, 3 booleans and 2 strings, with 3 tags. The keys are in order, and
// fields of one kind are together, so that a library can be driven by the four lists of
// keys.
type Server struct {
	Timestamp int64 `lp:",timestamp"`

	Cluster string `lp:"cluster,tag"`
	Host    string `lp:"host,tag"`
	Role    string `lp:"role,tag"`

	BufferHitRatio          float64 `lp:"buffer_hit_ratio"`
	CacheHitRatio           float64 `lp:"cache_hit_ratio"`
	CpuPercent              float64 `lp:"cpu_percent"`
	DiskIoUtil              float64 `lp:"disk_io_util"`
	DiskReadMb              float64 `lp:"disk_read_mb"`
	DiskWriteMb             float64 `lp:"disk_write_mb"`
	LatencyAvgMs            float64 `lp:"latency_avg_ms"`
	LatencyP50Ms            float64 `lp:"latency_p50_ms"`
	LatencyP95Ms            float64 `lp:"latency_p95_ms"`
	LatencyP99Ms            float64 `lp:"latency_p99_ms"`
	Load1                   float64 `lp:"load1"`
	Load15                  float64 `lp:"load15"`
	Load5                   float64 `lp:"load5"`
	MemoryPercent           float64 `lp:"memory_percent"`
	MemorySwapMb            float64 `lp:"memory_swap_mb"`
	MemoryUsedMb            float64 `lp:"memory_used_mb"`
	MysqlAbortedClients     int64   `lp:"mysql_aborted_clients"`
	MysqlAbortedConnects    int64   `lp:"mysql_aborted_connects"`
	MysqlBytesReceived      int64   `lp:"mysql_bytes_received"`
	MysqlBytesSent          int64   `lp:"mysql_bytes_sent"`
	MysqlComDelete          int64   `lp:"mysql_com_delete"`
	MysqlComInsert          int64   `lp:"mysql_com_insert"`
	MysqlComSelect          int64   `lp:"mysql_com_select"`
	MysqlComUpdate          int64   `lp:"mysql_com_update"`
	MysqlConnections        int64   `lp:"mysql_connections"`
	MysqlCreatedTmpTables   int64   `lp:"mysql_created_tmp_tables"`
	MysqlHandlerReadKey     int64   `lp:"mysql_handler_read_key"`
	MysqlHandlerReadNext    int64   `lp:"mysql_handler_read_next"`
	MysqlInnodbDataRead     int64   `lp:"mysql_innodb_data_read"`
	MysqlInnodbDataWritten  int64   `lp:"mysql_innodb_data_written"`
	MysqlInnodbPoolReads    int64   `lp:"mysql_innodb_pool_reads"`
	MysqlInnodbRowLockTime  int64   `lp:"mysql_innodb_row_lock_time"`
	MysqlInnodbRowsInserted int64   `lp:"mysql_innodb_rows_inserted"`
	MysqlInnodbRowsRead     int64   `lp:"mysql_innodb_rows_read"`
	MysqlOpenFiles          int64   `lp:"mysql_open_files"`
	MysqlOpenTables         int64   `lp:"mysql_open_tables"`
	MysqlQueries            int64   `lp:"mysql_queries"`
	MysqlQuestions          int64   `lp:"mysql_questions"`
	MysqlSelectScan         int64   `lp:"mysql_select_scan"`
	MysqlSlowQueries        int64   `lp:"mysql_slow_queries"`
	MysqlSortRows           int64   `lp:"mysql_sort_rows"`
	MysqlTableLocks         int64   `lp:"mysql_table_locks"`
	MysqlThreadsConnected   int64   `lp:"mysql_threads_connected"`
	MysqlThreadsRunning     int64   `lp:"mysql_threads_running"`
	MysqlUptime             int64   `lp:"mysql_uptime"`
	ReadOnly                bool    `lp:"read_only"`
	ReplicaRunning          bool    `lp:"replica_running"`
	SuperReadOnly           bool    `lp:"super_read_only"`
	Version                 string  `lp:"version"`
	VersionEngine           string  `lp:"version_engine"`
}

// The keys of Server by kind, in the order of the line.
var (
	ServerFloats = []string{
		"buffer_hit_ratio", "cache_hit_ratio", "cpu_percent", "disk_io_util",
		"disk_read_mb", "disk_write_mb", "latency_avg_ms", "latency_p50_ms",
		"latency_p95_ms", "latency_p99_ms", "load1", "load15",
		"load5", "memory_percent", "memory_swap_mb", "memory_used_mb",
	}
	ServerInts = []string{
		"mysql_aborted_clients", "mysql_aborted_connects", "mysql_bytes_received", "mysql_bytes_sent",
		"mysql_com_delete", "mysql_com_insert", "mysql_com_select", "mysql_com_update",
		"mysql_connections", "mysql_created_tmp_tables", "mysql_handler_read_key", "mysql_handler_read_next",
		"mysql_innodb_data_read", "mysql_innodb_data_written", "mysql_innodb_pool_reads", "mysql_innodb_row_lock_time",
		"mysql_innodb_rows_inserted", "mysql_innodb_rows_read", "mysql_open_files", "mysql_open_tables",
		"mysql_queries", "mysql_questions", "mysql_select_scan", "mysql_slow_queries",
		"mysql_sort_rows", "mysql_table_locks", "mysql_threads_connected", "mysql_threads_running",
		"mysql_uptime",
	}
	ServerBools = []string{
		"read_only", "replica_running", "super_read_only",
	}
	ServerStrings = []string{
		"version", "version_engine",
	}
)

// Floats returns the values in the order of ServerFloats.
func (p *Server) Floats() [16]float64 {
	return [16]float64{
		p.BufferHitRatio, p.CacheHitRatio, p.CpuPercent, p.DiskIoUtil,
		p.DiskReadMb, p.DiskWriteMb, p.LatencyAvgMs, p.LatencyP50Ms,
		p.LatencyP95Ms, p.LatencyP99Ms, p.Load1, p.Load15,
		p.Load5, p.MemoryPercent, p.MemorySwapMb, p.MemoryUsedMb,
	}
}

// Ints returns the values in the order of ServerInts.
func (p *Server) Ints() [29]int64 {
	return [29]int64{
		p.MysqlAbortedClients, p.MysqlAbortedConnects, p.MysqlBytesReceived, p.MysqlBytesSent,
		p.MysqlComDelete, p.MysqlComInsert, p.MysqlComSelect, p.MysqlComUpdate,
		p.MysqlConnections, p.MysqlCreatedTmpTables, p.MysqlHandlerReadKey, p.MysqlHandlerReadNext,
		p.MysqlInnodbDataRead, p.MysqlInnodbDataWritten, p.MysqlInnodbPoolReads, p.MysqlInnodbRowLockTime,
		p.MysqlInnodbRowsInserted, p.MysqlInnodbRowsRead, p.MysqlOpenFiles, p.MysqlOpenTables,
		p.MysqlQueries, p.MysqlQuestions, p.MysqlSelectScan, p.MysqlSlowQueries,
		p.MysqlSortRows, p.MysqlTableLocks, p.MysqlThreadsConnected, p.MysqlThreadsRunning,
		p.MysqlUptime,
	}
}

// Bools returns the values in the order of ServerBools.
func (p *Server) Bools() [3]bool {
	return [3]bool{
		p.ReadOnly, p.ReplicaRunning, p.SuperReadOnly,
	}
}

// Strings returns the values in the order of ServerStrings.
func (p *Server) Strings() [2]string {
	return [2]string{
		p.Version, p.VersionEngine,
	}
}

// floatsOf returns pointers to the values in the order of ServerFloats.
func floatsOf(p *Server) [16]*float64 {
	return [16]*float64{
		&p.BufferHitRatio, &p.CacheHitRatio, &p.CpuPercent, &p.DiskIoUtil,
		&p.DiskReadMb, &p.DiskWriteMb, &p.LatencyAvgMs, &p.LatencyP50Ms,
		&p.LatencyP95Ms, &p.LatencyP99Ms, &p.Load1, &p.Load15,
		&p.Load5, &p.MemoryPercent, &p.MemorySwapMb, &p.MemoryUsedMb,
	}
}

// intsOf returns pointers to the values in the order of ServerInts.
func intsOf(p *Server) [29]*int64 {
	return [29]*int64{
		&p.MysqlAbortedClients, &p.MysqlAbortedConnects, &p.MysqlBytesReceived, &p.MysqlBytesSent,
		&p.MysqlComDelete, &p.MysqlComInsert, &p.MysqlComSelect, &p.MysqlComUpdate,
		&p.MysqlConnections, &p.MysqlCreatedTmpTables, &p.MysqlHandlerReadKey, &p.MysqlHandlerReadNext,
		&p.MysqlInnodbDataRead, &p.MysqlInnodbDataWritten, &p.MysqlInnodbPoolReads, &p.MysqlInnodbRowLockTime,
		&p.MysqlInnodbRowsInserted, &p.MysqlInnodbRowsRead, &p.MysqlOpenFiles, &p.MysqlOpenTables,
		&p.MysqlQueries, &p.MysqlQuestions, &p.MysqlSelectScan, &p.MysqlSlowQueries,
		&p.MysqlSortRows, &p.MysqlTableLocks, &p.MysqlThreadsConnected, &p.MysqlThreadsRunning,
		&p.MysqlUptime,
	}
}

// Servers returns n points of 50 servers in time order. Counters start anywhere between 0
// and 10^12, with all lengths from 1 to 12 digits, and grow by exponential steps. Half of
// the gauges are whole or have up to 3 decimals, as sensors and agents round them; the
// other half are quotients of counters with 15 to 17 digits. The mixture of lengths and
// kinds keeps a branch predictor from learning a line.
func Servers(n int, seed uint64) []Server {
	const hosts = 50
	r := rand.New(rand.NewPCG(seed, 0x736572766572))
	now := make([]Server, hosts)
	for i := range now {
		p := &now[i]
		p.Cluster = fmt.Sprintf("db-%c", 'a'+i%5)
		p.Host = fmt.Sprintf("mysql-%02d.internal", i)
		p.Role = [...]string{"primary", "replica"}[min(1, i%5)]
		p.ReplicaRunning = i%5 != 0
		p.ReadOnly = i%5 != 0
		p.Version = fmt.Sprintf("8.0.%d-0ubuntu0.22.04.1", 30+r.IntN(10))
		p.VersionEngine = "InnoDB"
		for _, v := range intsOf(p) {
			*v = int64(math.Pow(10, 12*r.Float64()))
		}
	}
	points := make([]Server, n)
	for i := range points {
		p := &now[i%hosts]
		p.Timestamp = GuideTrade.Timestamp + int64(i/hosts)*10e9
		for _, v := range intsOf(p) {
			*v += int64(r.ExpFloat64() * float64(*v) / 1000)
		}
		for k, v := range floatsOf(p) {
			switch k % 4 {
			case 0: // a quotient with all digits
				*v = float64(1+r.IntN(1e6)) / 10007
			case 1: // a percentage with two decimals
				*v = float64(r.IntN(10001)) / 100
			case 2: // a share with all digits
				*v = 0.001 + 0.999*r.Float64()
			default: // megabytes or milliseconds with three decimals
				*v = float64(r.IntN(1e7)) / 1000
			}
		}
		p.SuperReadOnly = p.ReadOnly && r.IntN(10) == 0
		points[i] = *p
	}
	return points
}
