// A deployment is watched by a real Prometheus and a real Alertmanager, with the files of deploy/: whatever process is killed, somebody
// hears of it.
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { suite, test } from 'node:test'
import { flagsFor, folder, Program, startNetwork } from '../e2e/harness.ts'
import { without } from './tools.ts'
import { metricsOf, WATCH_TOOLS, Watch } from './watch.ts'

suite('somebody is told', {
  skip: without(...WATCH_TOOLS),
  timeout: 240_000,
}, () => {
  test('of each process of a deployment that is killed or hangs, and of a ledger that cannot be written', async () => {
    using here = folder()
    await using simulator = await startNetwork({ seed: 8, actors: 30 })
    const flags = flagsFor(simulator, here.path('parted.db'))
    await using ingest = new Program(['ingest', ...flags, '--metrics-port', '0'])
    await using whole = new Program(['start', ...flagsFor(simulator, here.path('whole.db'))])
    const [ingestAt, wholeAt] = [await metricsOf(ingest), await metricsOf(whole)]
    await using api = new Program(['api', ...flags])
    const apiAt = await metricsOf(api)

    await using watch = await Watch.start(here.path, [ingestAt, wholeAt, apiAt])
    await watch.allWell({ up: 3, ingests: 2 })

    {
      using locked = new DatabaseSync(here.path('whole.db'))
      locked.exec('BEGIN IMMEDIATE')
      await watch.told('IngestSilent', wholeAt, /no heartbeat .* waits for a lock on the file/)
    }

    for (const [program, instance, signal] of [
      [ingest, ingestAt, 'SIGKILL'],
      [api, apiAt, 'SIGSTOP'],
      [whole, wholeAt, 'SIGKILL'],
    ] as const) {
      assert.ok(!(await watch.firing()).includes(`ProcessDown ${instance}`))
      program.child.kill(signal)
      await watch.told('ProcessDown', instance, /it has ended, hangs, or is shut off/)
    }
  })
})
