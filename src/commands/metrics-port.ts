import type { Logger } from 'pino'
import { serveMetrics } from '../api/metrics-server.ts'
import type { Config } from '../config.ts'
import { listening } from './listening.ts'

export type MetricsSource = { contentType: string; metrics(): Promise<string> }

/**
 * Serves metrics at METRICS_PORT until the result is disposed; nothing where it is not set.
 * @throws {CommandError} where that cannot be listened at
 */
export async function metricsPort(
  { HOST: host, METRICS_PORT: port }: Config,
  metrics: MetricsSource,
  log: Logger,
): Promise<AsyncDisposable | undefined> {
  if (port === undefined) return undefined
  const server = await listening({ host, port, settings: 'METRICS_PORT' }, () =>
    serveMetrics({ metrics, host, port, onError: (error) => log.error(error) }),
  )
  log.info(`metrics at ${server.url}`)
  return server
}
