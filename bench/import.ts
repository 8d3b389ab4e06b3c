// What importing histories costs: CPU, memory, how long the stream waits for it, and how late the API answers meanwhile. Each
// row is measured in a process of its own, in which nothing has been compiled before.
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Did } from '../src/atproto/event.ts'
import { carOf, madeRepository, pathsOf, recordOf } from '../test/bluesky/repository/made-repository.ts'
import type { Imported, ToImport } from './import-process.ts'
import type { Row } from './table.ts'

const IMPORTER = fileURLToPath(new URL('./import-process.ts', import.meta.url))
const API = fileURLToPath(new URL('./http-server.ts', import.meta.url))
/** Time between two requests to the API. */
const REQUEST_EVERY_MS = 5

export async function benchImports(): Promise<Row[]> {
  const rows: Row[] = []
  for (const records of [6_000, 10_000, 200_000]) {
    const { cpuMs, wallMs, maxRssMb, waitsMs } = await measure({ people: 1, records })
    rows.push({
      name: `a repository of ${records.toLocaleString('en')} records`,
      value: `${cpuMs.toFixed(0)} ms of CPU`,
      note: `in ${wallMs.toFixed(0)} ms; ${maxRssMb.toFixed(0)} MB at most; an event waits ${at(waitsMs, 1)} at most, ${at(waitsMs, 0.99)} at p99`,
    })
  }
  const answersMs: number[] = []
  const { cpuMs, wallMs, waitsMs } = await measure(
    { people: 20, records: 6_000 },
    async ({ url, dids }, over) => {
      while (!over.aborted) {
        for (const did of dids) {
          const began = performance.now()
          await (await fetch(`${url}/v1/characters/${did}`)).arrayBuffer()
          answersMs.push(performance.now() - began)
          await sleep(REQUEST_EVERY_MS)
        }
      }
    },
  )
  rows.push({
    name: 'GET /v1/characters/{did} while 20 repositories of 6,000 records are imported, p99',
    value: at(answersMs, 0.99),
    note: `median ${at(answersMs, 0.5)}, ${answersMs.length} requests in ${wallMs.toFixed(0)} ms; ${cpuMs.toFixed(0)} ms of CPU; an event waits ${at(waitsMs, 1)} at most`,
  })
  return rows
}

function at(times: readonly number[], share: number): string {
  const sorted = times.toSorted((a, b) => a - b)
  return `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)} ms`
}

/** Imports so many repositories of so many records each into an empty ledger. @param meanwhile called with an API over it */
async function measure(
  { people, records }: { people: number; records: number },
  meanwhile?: (api: { url: string; dids: readonly Did[] }, over: AbortSignal) => Promise<void>,
): Promise<Imported> {
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-bench-'))
  await using opened = new AsyncDisposableStack()
  opened.defer(() => rmSync(folder, { recursive: true, force: true }))
  const repositories: ToImport['repositories'] = []
  for (let n = 0; n < people; n++) {
    const did: Did = `did:plc:${String.fromCharCode(97 + n).repeat(24)}`
    const { commit, blocks } = madeRepository(pathsOf(records), recordOf, { did })
    const server = await serve(carOf(commit, blocks), `127.0.0.${n + 1}`)
    opened.defer(() => void server.close())
    const { address, port } = server.address() as AddressInfo
    repositories.push({ did, pds: `http://${address}:${port}` })
  }
  const ledger = join(folder, 'ledger.db')
  const importer = fork(IMPORTER, { serialization: 'advanced' })
  opened.defer(() => void importer.kill())
  importer.send({ ledger, repositories } satisfies ToImport)
  await once(importer, 'message')
  const over = new AbortController()
  let asking = Promise.resolve()
  if (meanwhile !== undefined) {
    const api = spawn(process.execPath, [API, 'ours', `sqlite:${ledger}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    opened.defer(() => void api.kill())
    const [url] = await once(api.stdout, 'data')
    asking = meanwhile({ url: String(url).trim(), dids: repositories.map(({ did }) => did) }, over.signal)
  }
  importer.send('begin')
  const [imported] = (await once(importer, 'message')) as [Imported]
  over.abort()
  await asking
  return imported
}

async function serve(file: Buffer, host: string): Promise<Server> {
  const server = createServer((_request, response) => response.end(file))
  server.listen(0, host)
  await once(server, 'listening')
  return server
}
