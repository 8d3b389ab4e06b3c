// A deployment is watched by a real Prometheus and a real Alertmanager, with the files of deploy/: whatever process is killed, somebody
// hears of it.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { suite, test } from 'node:test'
import { Network } from '../../src/simulator/network.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { flagsFor, folder, Program, until } from '../e2e/harness.ts'
import { Alertmanager } from './alertmanager.ts'
import { Prometheus } from './prometheus.ts'
import { without } from './tools.ts'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** The alerts of deploy/, which fire after so much less time: seconds for minutes, and ages a sixth. */
function hastened(alerts: string): string {
  return alerts
    .replaceAll(/^( +for: \d+)[mh]$/gm, '$1s')
    .replaceAll(
      /(time\(\) - \w+ >) (\d+)/g,
      (_, age: string, seconds: string) => `${age} ${Number(seconds) / 6}`,
    )
}

/** What the runbook says under the heading that an alert's link names. */
function entryOf(link: string): string {
  const [path = '', anchor = ''] = link.split('#')
  const entry = read(path)
    .split(/^## /m)
    .find((part) => part.split('\n', 1)[0]?.toLowerCase() === anchor)
  return (entry ?? assert.fail(`${link} is not there`)).replaceAll(/\s+/g, ' ')
}

/** The address of a process's metrics, as `host:port`. */
async function metricsOf(program: Program): Promise<string> {
  const told = /(?:metrics|serving) at (http:[^"]+)/
  await until('it serves metrics', () => {
    assert.ok(!program.hasEnded, program.output)
    return told.test(program.output)
  })
  return new URL(told.exec(program.output)?.[1] ?? '').host
}

suite('somebody is told', {
  skip: without('prometheus', 'prometheus-alertmanager'),
  timeout: 240_000,
}, () => {
  test('of each process of a deployment that is killed or hangs, and of a ledger that cannot be written', async () => {
    using here = folder()
    const network = new Network({
      seed: 8,
      actors: 30,
      start: Date.now() * 1_000,
      step: 1_000,
      mix: 'everything',
    })
    await using simulator = await startSimulator({ network, seed: 8, faults: {} })
    const flags = flagsFor(simulator, here.path('parted.db'))
    await using ingest = new Program(['ingest', ...flags, '--metrics-port', '0'])
    await using whole = new Program(['start', ...flagsFor(simulator, here.path('whole.db'))])
    const [ingestAt, wholeAt] = [await metricsOf(ingest), await metricsOf(whole)]
    await using api = new Program(['api', ...flags])
    const apiAt = await metricsOf(api)

    await using alertmanager = await Alertmanager.start(here.path)
    const rules = here.path('alerts.yml')
    writeFileSync(rules, hastened(read('deploy/prometheus/alerts.yml')))
    const targets = [ingestAt, wholeAt, apiAt]
    const alerting = { rules, alertmanager: alertmanager.address }
    await using prometheus = await Prometheus.start(here.path, targets, { alerting })
    const firing = async (): Promise<string[]> =>
      (await prometheus.firing()).map(({ labels }) => `${labels.alertname} ${labels.instance}`)
    await until('all are well', async () => {
      const up = await prometheus.query('up{job="bsky-rpg"} == 1')
      const beating = await prometheus.query('time() - bsky_rpg_heartbeat_timestamp_seconds < 5')
      return up.length === 3 && beating.length === 2 && (await firing()).length === 0
    })
    const told = async (name: string, instance: string, what: RegExp): Promise<void> => {
      await until(`${name} fires`, async () => (await firing()).includes(`${name} ${instance}`), 60_000, 100)
      const notice = () =>
        alertmanager.notices.find(
          ({ status, labels }) =>
            status === 'firing' && labels.alertname === name && labels.instance === instance,
        )
      await until(`${name} is sent`, () => notice() !== undefined, 60_000, 100)
      const { labels, annotations } = notice() ?? assert.fail()
      assert.equal(labels.severity, 'critical')
      assert.ok(annotations.summary?.includes(instance), JSON.stringify(annotations))
      assert.match(entryOf(annotations.runbook ?? ''), what)
    }

    {
      using locked = new DatabaseSync(here.path('whole.db'))
      locked.exec('BEGIN IMMEDIATE')
      await told('IngestSilent', wholeAt, /no heartbeat .* waits for a lock on the file/)
    }

    for (const [program, instance, signal] of [
      [ingest, ingestAt, 'SIGKILL'],
      [api, apiAt, 'SIGSTOP'],
      [whole, wholeAt, 'SIGKILL'],
    ] as const) {
      assert.ok(!(await firing()).includes(`ProcessDown ${instance}`))
      program.child.kill(signal)
      await told('ProcessDown', instance, /it has ended, hangs, or is shut off/)
    }
  })
})
