import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { version } from './version.ts'

/** Gauges of prom-client whose names end like those of counters, which `promtool check metrics` refuses. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

const START_TIME = 'process_start_time_seconds'

/** A registry with the metrics of this process: memory, CPU, event loop, garbage, and the program's version. */
export function processMetrics(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of [...MISNAMED, START_TIME]) registry.removeSingleMetric(name)
  const started = new Gauge({
    name: START_TIME,
    help: 'Unix time at which the process began',
    registers: [registry],
    // prom-client leaves its own out where the metrics of several threads are put together, as those of `start` are.
    aggregator: 'min',
  })
  started.set(Math.round(Date.now() / 1_000 - process.uptime()))
  const info = new Gauge({
    name: 'bsky_rpg_build_info',
    help: 'Always 1; the version is in the label',
    labelNames: ['version'],
    registers: [registry],
  })
  info.set({ version: version() }, 1)
  return registry
}
