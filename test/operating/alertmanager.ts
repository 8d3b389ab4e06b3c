import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Running, until } from '../e2e/harness.ts'

const CONFIG = new URL('../../deploy/alertmanager/alertmanager.yml', import.meta.url)

/** What somebody is woken by. */
export type Notice = {
  status: 'firing' | 'resolved'
  labels: Record<string, string>
  annotations: Record<string, string>
}

/**
 * A real Alertmanager on loopback with the configuration of deploy/, but that it waits for seconds where that waits for minutes,
 * and calls a webhook of the test in place of sending mail.
 */
export class Alertmanager implements AsyncDisposable {
  /** As `host:port`. */
  readonly address: string
  /** All that it has sent. */
  readonly notices: readonly Notice[]
  readonly #opened: AsyncDisposableStack

  private constructor(address: string, notices: readonly Notice[], opened: AsyncDisposableStack) {
    this.address = address
    this.notices = notices
    this.#opened = opened
  }

  static async start(path: (name: string) => string): Promise<Alertmanager> {
    await using opened = new AsyncDisposableStack()
    const notices: Notice[] = []
    const hook = createServer((request, response) => void take(request, response, notices))
    opened.defer(() => end(hook))
    await once(hook.listen(0, '127.0.0.1'), 'listening')
    const { port } = hook.address() as AddressInfo
    const config = readFileSync(CONFIG, 'utf8')
      .replaceAll(/(group_wait|group_interval): \w+/g, '$1: 1s')
      .replace('email_configs:', 'webhook_configs:')
      .replace('to: operator@example.com', `url: http://127.0.0.1:${port}/`)
    writeFileSync(path('alertmanager.yml'), config)
    const program = opened.use(
      new Running(
        'prometheus-alertmanager',
        [
          `--config.file=${path('alertmanager.yml')}`,
          `--storage.path=${path('alertmanager')}`,
          '--web.listen-address=127.0.0.1:0',
          '--cluster.listen-address=',
        ],
        { env: { PATH: process.env.PATH } },
      ),
    )
    const listening = /msg="Listening on" address=(\S+)/
    await until('Alertmanager is ready', () => {
      if (program.hasEnded) throw new Error(`Alertmanager has ended: ${program.output}`)
      return listening.test(program.output)
    })
    return new Alertmanager(listening.exec(program.output)?.[1] ?? '', notices, opened.move())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync()
  }
}

async function take(request: IncomingMessage, response: ServerResponse, notices: Notice[]): Promise<void> {
  const { alerts } = JSON.parse(await text(request)) as { alerts: Notice[] }
  notices.push(...alerts)
  response.end()
}

async function end(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
