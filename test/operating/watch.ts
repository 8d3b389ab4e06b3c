// The watch over a deployment in tests: a real Prometheus and a real Alertmanager with the files of deploy/, made faster.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { type Program, said, until } from '../e2e/harness.ts'
import { Alertmanager, type Notice } from './alertmanager.ts'
import { Prometheus, type Targets } from './prometheus.ts'
import type { Tool } from './tools.ts'

/** What a `Watch` needs installed. */
export const WATCH_TOOLS: readonly Tool[] = ['prometheus', 'prometheus-alertmanager']

/** How long an alert may take to change its state, and how often to look. */
const CHANGE_MS = 120_000
const LOOK_EVERY_MS = 100

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

export class Watch implements AsyncDisposable {
  readonly prometheus: Prometheus
  readonly #alertmanager: Alertmanager
  readonly #opened: AsyncDisposableStack

  private constructor(prometheus: Prometheus, alertmanager: Alertmanager, opened: AsyncDisposableStack) {
    this.prometheus = prometheus
    this.#alertmanager = alertmanager
    this.#opened = opened
  }

  /**
   * @param path gives the path of a file of that name in a folder for the watch
   * @param databases exporters of the database's nodes
   */
  static async start(
    path: (name: string) => string,
    targets: Targets,
    databases: Targets = [],
  ): Promise<Watch> {
    await using opened = new AsyncDisposableStack()
    const alertmanager = opened.use(await Alertmanager.start(path))
    const rules = path('alerts.yml')
    writeFileSync(rules, hastened(read('deploy/prometheus/alerts.yml')))
    const alerting = { rules, alertmanager: alertmanager.address }
    const prometheus = opened.use(await Prometheus.start(path, targets, { alerting, databases }))
    return new Watch(prometheus, alertmanager, opened.move())
  }

  /** Resolves once `up` targets answer, `ingests` of them have just written a heartbeat, and no alert fires. */
  async allWell({ up, ingests }: { up: number; ingests: number }): Promise<void> {
    await until(
      'all are well',
      async () => {
        const answering = await this.prometheus.query('up{job="bsky-rpg"} == 1')
        const beating = await this.prometheus.query('time() - bsky_rpg_heartbeat_timestamp_seconds < 5')
        return answering.length === up && beating.length === ingests && (await this.firing()).length === 0
      },
      CHANGE_MS,
      LOOK_EVERY_MS,
    )
  }

  /** The alerts that fire now, each as its name and its instance. */
  async firing(): Promise<string[]> {
    return (await this.prometheus.firing()).map(({ labels }) => `${labels.alertname} ${labels.instance}`)
  }

  /** Resolves once the alert `name` fires and is sent; its entry in the runbook has to say `what`. */
  async told(name: string, instance: string, what: RegExp): Promise<void> {
    await until(
      `${name} fires`,
      async () => (await this.firing()).includes(`${name} ${instance}`),
      CHANGE_MS,
      LOOK_EVERY_MS,
    )
    const { annotations } = await this.#sent('firing', name, instance)
    assert.ok(annotations.summary?.includes(instance), JSON.stringify(annotations))
    assert.match(entryOf(annotations.runbook ?? ''), what)
  }

  /** Resolves once the alert `name` does not fire any more, and that is sent. */
  async resolved(name: string, instance: string): Promise<void> {
    await until(
      `${name} is resolved`,
      async () => !(await this.firing()).includes(`${name} ${instance}`),
      CHANGE_MS,
      LOOK_EVERY_MS,
    )
    await this.#sent('resolved', name, instance)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync()
  }

  /** Resolves once the last notice about the alert has that status. */
  async #sent(status: Notice['status'], name: string, instance: string): Promise<Notice> {
    const last = (): Notice | undefined =>
      this.#alertmanager.notices.findLast(
        ({ labels }) => labels.alertname === name && labels.instance === instance,
      )
    await until(`${name} is sent as ${status}`, () => last()?.status === status, CHANGE_MS, LOOK_EVERY_MS)
    return last() ?? assert.fail()
  }
}

/** The address of a process's metrics, as `host:port`. */
export async function metricsOf(program: Program): Promise<string> {
  return new URL(await said(program, /(?:metrics|serving) at (http:[^"]+)/)).host
}

/**
 * The alerts of deploy/, which fire and resolve much sooner: they wait for seconds in place of minutes, bear a sixth of the ages, and
 * look back by four seconds in place of each minute.
 */
function hastened(alerts: string): string {
  return alerts
    .replaceAll(/^( +for: \d+)[mh]$/gm, '$1s')
    .replaceAll(/\[(\d+)m\]/g, (_, minutes: string) => `[${Number(minutes) * 4}s]`)
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
