// Writes points with the npm package influx. It reads jobs from standard input, and
// prints the error of each as a line of JSON, "" if there was none.
const { InfluxDB, FieldType } = require('influx')

const types = { float: FieldType.FLOAT, int: FieldType.INTEGER, bool: FieldType.BOOLEAN, string: FieldType.STRING }
const convert = { float: Number, int: Number, bool: (v) => v === 'true', string: String }

async function write(job) {
  const schemas = {} // by measurement: what all its points have
  const points = job.points.map((p) => {
    const s = (schemas[p.name] ??= { database: job.database, measurement: p.name, fields: {}, tags: [] })
    const made = { measurement: p.name, tags: p.tags, fields: {}, timestamp: p.time || undefined }
    for (const [k, v] of Object.entries(p.fields)) {
      s.fields[k] = types[v.type]
      made.fields[k] = convert[v.type](v.text)
    }
    s.tags = [...new Set([...s.tags, ...Object.keys(p.tags)])]
    return made
  })
  const influx = new InfluxDB({
    host: job.host, port: job.port, username: job.user, password: job.password,
    database: job.database, schema: Object.values(schemas),
  })
  const hosts = await influx.ping(5000)
  if (!hosts.every((h) => h.online)) throw new Error('not online')
  await influx.writePoints(points, { precision: job.precision })
}

async function main() {
  for (const job of JSON.parse(require('fs').readFileSync(0))) {
    console.log(JSON.stringify(await write(job).then(() => '', (e) => e.message)))
  }
}
main()
