import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export type Feed = AsyncDisposable & { url: string; events: number }

export type FeedOptions = {
  events: number
  actors: number
  kinds: readonly ('v1' | 'v2' | 'zstd' | 'zstd2')[]
  dictionary?: string
}

/** Starts a feeder in a process of its own, so that it takes no time from this process's core. */
export async function startFeed({ events, actors, kinds, dictionary }: FeedOptions): Promise<Feed> {
  const script = fileURLToPath(new URL('./feeder.ts', import.meta.url))
  const args = ['--max-old-space-size=8000', script, String(events), String(actors)]
  const child = spawn(process.execPath, dictionary === undefined ? args : [...args, dictionary], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, FEED: kinds.join(',') },
  })
  const [line] = await once(child.stdout, 'data')
  const listening = JSON.parse(String(line))
  return {
    url: `ws://127.0.0.1:${listening.port}`,
    events: listening.events,
    [Symbol.asyncDispose]: async () => {
      child.kill()
      await once(child, 'close')
    },
  }
}
