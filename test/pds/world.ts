// A real personal data server, and the rest of a network around it: an AppView that knows its accounts, and a Jetstream that says
// what they did.
import type { StreamEvent } from '../../src/atproto/event.ts'
import { Network } from '../../src/simulator/network.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { type LocalServer, serve } from '../bluesky/local-server.ts'
import { type Account, Pds } from './pds.ts'

export type World = AsyncDisposable & {
  pds: Pds
  /** Its stream has only what tests add to it. */
  simulator: Simulator
  appview: LocalServer
  /** Flags of a program on this network. */
  flags(ledger: string): string[]
  /** Makes an account, which the AppView knows from then on. */
  join(name: string): Promise<Account>
  /** Writes a post at the personal data server, and sends its event. */
  post(account: Account): Promise<StreamEvent>
}

/** @param found see `Pds.start` */
export async function world(found?: { at: string; served: string }): Promise<World> {
  await using stack = new AsyncDisposableStack()
  const pds = stack.use(await Pds.start(found))
  const accounts: Account[] = []
  const appview = stack.use(
    await serve((url) => {
      const asked = new Set(url.searchParams.getAll('actors'))
      switch (url.pathname) {
        case '/xrpc/com.atproto.identity.resolveHandle': {
          const known = accounts.find(({ handle }) => handle === url.searchParams.get('handle'))
          return known === undefined ? { status: 400, json: {} } : { json: { did: known.did } }
        }
        case '/xrpc/app.bsky.actor.getProfiles': {
          const views = accounts.filter(({ did }) => asked.has(did))
          return { json: { profiles: views.map(({ did, handle }) => ({ did, handle, labels: [] })) } }
        }
        // It has not seen any yet.
        case '/xrpc/app.bsky.feed.getPosts':
          return { json: { posts: [] } }
        default:
          return { status: 404, json: {} }
      }
    }),
  )
  const start = Date.now() * 1_000
  const network = new Network({ seed: 1, actors: 2, start, step: 1_000_000, mix: 'feed' })
  const simulator = stack.use(await startSimulator({ network, seed: 1 }))
  const all = stack.move()
  return {
    pds,
    simulator,
    appview,
    flags: (ledger) => [
      ...['--database-url', `sqlite:${ledger}`, '--jetstream-urls', simulator.url],
      ...['--appview-url', appview.url, '--plc-url', pds.plcUrl, '--disk-reserve', '0'],
      // Tests look at everything about somebody many times a second.
      ...['--rate-limit', '1000000'],
    ],
    join: async (name) => {
      const account = await pds.createAccount(name)
      accounts.push(account)
      return account
    },
    post: async (account) => {
      const record = { $type: 'app.bsky.feed.post', text: 'of no worth', createdAt: new Date().toISOString() }
      const { collection, rkey, rev } = await pds.createRecord(account, 'app.bsky.feed.post', record)
      const at = Date.now() * 1_000
      const event = {
        kind: 'commit',
        did: account.did,
        at,
        rev,
        op: 'create',
        collection,
        rkey,
        record,
      } as const
      simulator.add([event])
      return event
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
