// The log of the demo: where to look, progress through the history, then some of the level-ups.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Micros } from '../atproto/event.ts'
import { isObject, type JsonObject } from '../atproto/json.ts'

export type StoryOptions = {
  /** The URL of the demo. */
  url: string
  /** When the history of its network began. */
  began: Micros
  /** Somebody with a history that is not in the stream; `undefined` where there is nobody. */
  stranger: string | undefined
  log: Logger
  clock: () => Micros
  signal: AbortSignal
  /** Milliseconds between two checks of the progress. @default 2,000 */
  pollMs?: number
  /** Minimum milliseconds between two level-ups in the log. @default 5,000 */
  levelUpMs?: number
}

/** The history is complete once the ledger is no further behind than this. */
const LIVE_LAG_MICROS: Micros = 10_000_000

/** Logs until `signal` aborts. Never rejects: the demo works without it. */
export async function tellStory(options: StoryOptions): Promise<void> {
  const { url, stranger, log, signal } = options
  log.info(`Open ${url} in a browser. In another terminal:`)
  if (stranger !== undefined)
    log.info(`  ${url}/@${stranger}   somebody from before: have their whole history counted`)
  log.info(`  curl '${url}/v1/leaderboards/all?limit=3'   the top three`)
  log.info(`  curl -N ${url}/v1/stream                    awards and level-ups, live`)
  log.info(`  extension/README.md loads the browser extension; its server is ${url}`)
  log.info(`  ${url}/docs lists everything else; Ctrl-C ends the demo and removes its data.`)
  try {
    await tellHistory(options)
    for (;;) {
      await tellLevels(options)
      await sleep(1_000, undefined, { signal })
    }
  } catch (error) {
    if (!signal.aborted) log.debug(error, 'the log of the demo ended early')
  }
}

/** Logs the progress through the history, until the ledger is live. */
async function tellHistory({ url, began, log, clock, signal, pollMs = 2_000 }: StoryOptions): Promise<void> {
  let reported = 0
  for (;;) {
    const { stream, characters, events } = await get(`${url}/v1/stats`, signal)
    const reached = isObject(stream) ? Date.parse(String(stream.reached)) * 1_000 : Number.NaN
    const now = clock()
    if (now - reached < LIVE_LAG_MICROS) {
      log.info(
        `The history is complete: ${characters} characters, ${events} events. From here on everything is live.`,
      )
      return
    }
    const quarters = Math.floor(((reached - began) / (now - began)) * 4)
    if (quarters > reported) {
      reported = quarters
      log.info(`${quarters * 25} % of the history is read: ${characters} characters so far.`)
    }
    await sleep(pollMs, undefined, { signal })
  }
}

/** Logs some of the level-ups until the connection ends. */
async function tellLevels({ url, log, signal, levelUpMs = 5_000 }: StoryOptions): Promise<void> {
  const response = await fetch(`${url}/v1/stream`, { signal })
  let reportedMs = Number.NEGATIVE_INFINITY
  for await (const event of levelUps(response.body)) {
    const now = performance.now()
    if (now - reportedMs < levelUpMs) continue
    reportedMs = now
    const { did, type, leveling } = event
    const { displayName, handle, title } = await get(
      `${url}/v1/characters/${encodeURIComponent(String(did))}`,
      signal,
    )
    const { level, experience } = isObject(leveling) ? leveling : {}
    const called = typeof title === 'string' ? `, ${title}` : ''
    const deed = String(type).split('.').at(-1)
    log.info(
      `${displayName ?? handle ?? did} reaches level ${level}${called} (${experience} XP), by a ${deed}.`,
    )
  }
}

/** The data of every `level-up` event of a stream. */
async function* levelUps(body: ReadableStream<Uint8Array> | null): AsyncGenerator<JsonObject> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const bytes of body ?? []) {
    const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const lines = block.split('\n')
      if (!lines.includes('event: level-up')) continue
      const data: unknown = JSON.parse(lines.find((line) => line.startsWith('data: '))?.slice(6) ?? 'null')
      if (isObject(data)) yield data
    }
  }
}

async function get(url: string, signal: AbortSignal): Promise<JsonObject> {
  const answer: unknown = await (await fetch(url, { signal })).json()
  return isObject(answer) ? answer : {}
}
