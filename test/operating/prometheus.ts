import { writeFileSync } from 'node:fs'
import { Running, until } from '../e2e/harness.ts'

export const SCRAPE_SECONDS = 2

/** What Prometheus scrapes, as `host:port`; all at /metrics. */
export type Targets = readonly string[]

export type PrometheusOptions = {
  alerting?: Alerting
  /** Node exporters: a job of their own. */
  exporters?: Targets
  /** Nodes of a database: another job. */
  databases?: Targets
}

export type Alerting = {
  /** A file of rules. */
  rules: string
  /** An Alertmanager, as `host:port`. */
  alertmanager: string
}

export type FiringAlert = {
  labels: Record<string, string>
  annotations: Record<string, string>
  state: string
}
export type Sample = { metric: Record<string, string>; value: [time: number, value: string] }
export type SampleRange = { metric: Record<string, string>; values: [time: number, value: string][] }

/** A real Prometheus on loopback, with its data in `folder`. Disposing ends it. */
export class Prometheus implements AsyncDisposable {
  readonly #url: string
  readonly #opened: AsyncDisposableStack

  private constructor(url: string, opened: AsyncDisposableStack) {
    this.#url = url
    this.#opened = opened
  }

  static async start(
    path: (name: string) => string,
    targets: Targets,
    { alerting, exporters = [], databases = [] }: PrometheusOptions = {},
  ): Promise<Prometheus> {
    const config = {
      // A scrape that times out on a slow machine takes its series away until the next.
      global: {
        scrape_interval: `${SCRAPE_SECONDS}s`,
        scrape_timeout: `${SCRAPE_SECONDS}s`,
        evaluation_interval: '1s',
      },
      ...(alerting && {
        rule_files: [alerting.rules],
        alerting: { alertmanagers: [{ static_configs: [{ targets: [alerting.alertmanager] }] }] },
      }),
      // JSON is YAML.
      scrape_configs: [
        { job_name: 'bsky-rpg', static_configs: [{ targets }] },
        { job_name: 'node', static_configs: [{ targets: exporters }] },
        { job_name: 'bsky-rpg-database', static_configs: [{ targets: databases }] },
      ],
    }
    writeFileSync(path('prometheus.yml'), JSON.stringify(config))
    await using opened = new AsyncDisposableStack()
    const program = opened.use(
      new Running(
        'prometheus',
        [
          `--config.file=${path('prometheus.yml')}`,
          `--storage.tsdb.path=${path('tsdb')}`,
          '--web.listen-address=127.0.0.1:0',
        ],
        { env: { PATH: process.env.PATH } },
      ),
    )
    const listening = /msg="Listening on" address=(\S+)/
    await until('Prometheus is ready', () => {
      if (program.hasEnded) throw new Error(`Prometheus has ended: ${program.output}`)
      return (
        listening.test(program.output) && program.output.includes('Server is ready to receive web requests')
      )
    })
    return new Prometheus(`http://${listening.exec(program.output)?.[1]}`, opened.move())
  }

  /** What `expr` gives now. */
  async query(expr: string): Promise<Sample[]> {
    return (await this.#ask<{ result: Sample[] }>('query', { query: expr })).result
  }

  /** The alerts that fire now. */
  async firing(): Promise<FiringAlert[]> {
    const { alerts } = await this.#ask<{ alerts: FiringAlert[] }>('alerts', {})
    return alerts.filter(({ state }) => state === 'firing')
  }

  /** What `expr` gave in the last `seconds`, every `stepSeconds`. */
  async range(expr: string, seconds: number, stepSeconds: number): Promise<SampleRange[]> {
    const end = Date.now() / 1_000
    const asked = { query: expr, start: String(end - seconds), end: String(end), step: String(stepSeconds) }
    return (await this.#ask<{ result: SampleRange[] }>('query_range', asked)).result
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync()
  }

  async #ask<T>(path: string, parameters: Record<string, string>): Promise<T> {
    const response = await fetch(`${this.#url}/api/v1/${path}?${new URLSearchParams(parameters)}`)
    const answer = (await response.json()) as { status: string; error?: string; data: T }
    if (answer.status !== 'success') throw new Error(`${parameters.query ?? path}: ${answer.error}`)
    return answer.data
  }
}

/** `expr` of a dashboard, with what Grafana would fill in. */
export function filledIn(expr: string): string {
  return expr.replaceAll('$__rate_interval', '1m')
}
