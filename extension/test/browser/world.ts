// A simulated network with a real server on it, and its people as a page shows them.

import { people } from '../../../src/simulator/people.ts'
import { simulate } from '../../../src/simulator/simulate.ts'
import { flagsFor, folder, newestSent, Program, servedAt, until } from '../../../test/e2e/harness.ts'

const SEED = 1
/** Events of each person, on average. */
const EVENTS = 17

export type Shown = { handle: string; name: string; did: string; level: number }

export type World = AsyncDisposable & {
  /** The server's address. */
  url: string
  /** People with a level, those with the most first. */
  shown: readonly Shown[]
  /** People on the network whom the server does not show. */
  hidden: readonly { handle: string; name: string; did: string }[]
}

/** @param actors people on the network; most have a level @default 120 */
export async function world({ actors = 120 } = {}): Promise<World> {
  await using stack = new AsyncDisposableStack()
  const { simulator } = await simulate({
    ...{ host: '127.0.0.1', port: 0, seed: SEED, actors, rate: 0, recording: [] },
    ...{ history: { events: actors * EVENTS, days: 28 }, faults: 'none', clock: () => Date.now() * 1_000 },
  })
  stack.use(simulator)
  const at = stack.use(folder())
  const flags = [...flagsFor(simulator, at.path('ledger.db')), '--start', 'oldest', '--rate-limit', '100000']
  const program = stack.use(new Program(['start', ...flags]))
  const url = await servedAt(program)
  const newest = simulator.archive.entries.find(({ seq }) => seq === newestSent(simulator))
  const newestMs = Math.floor((newest?.event.at ?? 0) / 1_000)
  await until('everything is read and everybody introduced', async () => {
    const { stream, waiting } = (await (await fetch(`${url}/v1/stats`)).json()) as {
      waiting: Record<string, number>
      stream: { reached: string | null }
    }
    const isRead = stream.reached !== null && Date.parse(stream.reached) >= newestMs
    return isRead && Object.values(waiting).every((n) => n === 0)
  })
  const everybody = people(actors, SEED)
  const shown: Shown[] = []
  const hidden: World['hidden'][number][] = []
  for (let from = 0; from < everybody.length; from += 100) {
    const some = everybody.slice(from, from + 100)
    const { items, asked } = (await (
      await fetch(`${url}/v1/characters?actors=${some.map(({ handle }) => handle).join(',')}`)
    ).json()) as {
      items: { did: string; handle: string; displayName: string; leveling: { level: number } }[]
      asked: { name: string; outcome: string }[]
    }
    for (const { did, handle, displayName, leveling } of items) {
      shown.push({ did, handle, name: displayName, level: leveling.level })
    }
    for (const { name, outcome } of asked) {
      const person = some.find(({ handle }) => handle === name)
      if (outcome !== 'known' && person !== undefined) {
        hidden.push({ handle: person.handle, name: person.displayName, did: person.did })
      }
    }
  }
  shown.sort((a, b) => b.level - a.level)
  const all = stack.move()
  return { url, shown, hidden, [Symbol.asyncDispose]: () => all.disposeAsync() }
}
