// Writes points with the npm package @influxdata/influxdb-client. It reads jobs from
// standard input, and prints the error of each as a line of JSON, "" if there was none.
const { InfluxDB, Point } = require('@influxdata/influxdb-client')

const set = {
  float: (p, k, v) => p.floatField(k, v),
  int: (p, k, v) => p.intField(k, v),
  uint: (p, k, v) => p.uintField(k, v),
  bool: (p, k, v) => p.booleanField(k, v === 'true'),
  string: (p, k, v) => p.stringField(k, v),
}

function write(job) {
  const api = new InfluxDB({ url: `http://${job.host}:${job.port}`, token: `${job.user}:${job.password}` })
    .getWriteApi('org', job.database, job.precision, { maxRetries: 0, gzipThreshold: job.gzip ? 0 : 1e9 })
  for (const p of job.points) {
    const made = new Point(p.name)
    for (const [k, v] of Object.entries(p.tags)) made.tag(k, v)
    for (const [k, v] of Object.entries(p.fields)) set[v.type](made, k, v.text)
    if (p.time) made.timestamp(p.time)
    api.writePoint(made)
  }
  return api.close()
}

async function main() {
  for (const job of JSON.parse(require('fs').readFileSync(0))) {
    console.log(JSON.stringify(await write(job).then(() => '', (e) => `${e.statusCode} ${e.code}: ${e.message}`)))
  }
}
main()
