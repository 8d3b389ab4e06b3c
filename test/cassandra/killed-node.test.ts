// A worker and an API over a real Cassandra, watched by a real Prometheus and a real Alertmanager: somebody hears of it when the
// database is killed, and when it is back.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../../dev/cassandra/cluster.ts'
import { PORT } from '../../dev/cassandra/settings.ts'
import { flagsFor, folder, Program, said, servedAt, startNetwork, until } from '../e2e/harness.ts'
import { without } from '../operating/tools.ts'
import { metricsOf, WATCH_TOOLS, Watch } from '../operating/watch.ts'
import { addressOn, urlOf } from './places.ts'
import { withCassandra } from './servers.ts'

const NAME = 'somebody is told that the database was killed, and that it is back'
/** On a machine that others use, too. */
const TIMEOUT_MS = 600_000
const WITHIN_MS = 240_000
/** Visitors of the API, and how long each of them waits between two requests. */
const VISITORS = 6
const VISIT_EVERY_MS = 200

const lacking = without(...WATCH_TOOLS)
if (lacking !== false) test(NAME, { skip: lacking }, () => {})
else
  await withCassandra(1, (cluster) =>
    test(NAME, { timeout: TIMEOUT_MS }, (t) => killNode(cluster, (line) => t.diagnostic(line))),
  )

async function killNode(cluster: Cluster, say: (line: string) => void): Promise<void> {
  const begun = performance.now()
  const note = (what: string): void => say(`${Math.round((performance.now() - begun) / 1_000)} s: ${what}`)
  using here = folder()
  await using simulator = await startNetwork({ seed: 9, actors: 30 })
  const flags = flagsFor(simulator, urlOf(addressOn(cluster, 'killed_node')))
  await using ingest = new Program(['ingest', ...flags, '--shards', '4', '--metrics-port', '0'])
  await said(ingest, /listening to/)
  await using api = new Program(['api', ...flags, '--rate-limit', '1000000'])
  const stats = `${await servedAt(api)}/v1/stats`
  const [ingestAt, apiAt] = [await metricsOf(ingest), new URL(stats).host]
  await using exporter = await exporterOf(cluster.contactPoints[0] ?? assert.fail())
  await using watch = await Watch.start(here.path, [ingestAt, apiAt], [exporter.address])
  await using _visitors = visitors(stats)
  await watch.allWell({ up: 2, ingests: 1 })

  note('all are well; the node is killed')
  await cluster.kill(1)
  simulator.emit(100)
  await Promise.all([
    watch.told(
      'IngestSilent',
      ingestAt,
      /no heartbeat .* a database that does not answer.* bring the database back/,
    ),
    watch.told('ApiErrors', apiAt, /503 on all routes: the ledger cannot be read.* the cluster/),
    watch.told('DatabaseNodeDown', exporter.address, /one of the nodes .* Start it again/),
  ])
  for (const program of [ingest, api]) assert.ok(!program.hasEnded, program.output)

  note('somebody is told; the node is started again')
  await cluster.restart(1)
  note('the node answers')
  await Promise.all([
    watch.resolved('IngestSilent', ingestAt),
    watch.resolved('ApiErrors', apiAt),
    watch.resolved('DatabaseNodeDown', exporter.address),
  ])
  note('all alerts are resolved')
  const isCounted = async (): Promise<boolean> => {
    const { records } = (await (await fetch(stats)).json()) as { records: number }
    return records > 0
  }
  await until('the ledger has what happened meanwhile', isCounted, WITHIN_MS, 200)
}

/** Answers scrapes as long as the node at `host` takes connections, as an exporter in its process does. */
async function exporterOf(host: string): Promise<AsyncDisposable & { address: string }> {
  const server = createServer((_, response) => {
    const node = connect(PORT, host)
    node.once('connect', () => {
      node.destroy()
      response.setHeader('content-type', 'text/plain; version=0.0.4')
      response.end()
    })
    node.once('error', () => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** People who ask for `url` again and again, whatever comes, until it is disposed. */
function visitors(url: string): AsyncDisposable {
  const end = new AbortController()
  const { signal } = end
  const visit = async (): Promise<void> => {
    while (!signal.aborted) {
      await (await fetch(url, { signal })).arrayBuffer()
      await sleep(VISIT_EVERY_MS, undefined, { signal })
    }
  }
  const visits = Promise.allSettled(Array.from({ length: VISITORS }, visit))
  return {
    [Symbol.asyncDispose]: async () => {
      end.abort()
      await visits
    },
  }
}
