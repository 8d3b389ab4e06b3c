import type { AddressInfo } from 'node:net'
import type { Handle, Nsid } from '../../src/atproto/event.ts'
import { SignInError } from '../../src/bluesky/sign-in.ts'
import { Ledger } from '../../src/ingest/ledger.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { alice, bob, build, NOW, SECOND } from '../api/harness.ts'
import { folder } from '../e2e/harness.ts'
import { game, LIKE, POST, tid } from '../game/arbitrary.ts'
import { inMemory } from '../pictures/in-memory.ts'
import { notedRoutes, type Route, SIGN_IN_AT } from './routes.ts'

/** A server on a ledger in a file that has two people and some entries, at a port of this machine; with its routes. */
export async function hostileServer(): Promise<
  { port: number; routes: Route[]; logged: string[] } & AsyncDisposable
> {
  await using stack = new AsyncDisposableStack()
  const here = stack.use(folder())
  const store = stack.use(openSqlite({ path: here.path('ledger.db'), reserve: 0 }))
  const writer = stack.use(await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' }))
  const ledger = new Ledger({ game, writer, folded: () => {} })
  const commit = (n: number, collection: Nsid, record: object) =>
    ({
      kind: 'commit',
      op: 'create',
      did: n % 5 === 0 ? bob : alice,
      at: NOW - (40 - n) * SECOND,
      rev: tid(n),
      ...{ rkey: tid(n), collection, record },
    }) as const
  await ledger.fold(
    [
      ...Array.from({ length: 30 }, (_, n) => commit(n, n % 2 === 0 ? POST : LIKE, { subject: {} })),
      { kind: 'identity', did: alice, at: NOW, handle: 'alice.example' as Handle },
    ],
    undefined,
  )
  await writer.beat({ at: NOW, lag: 0, host: 'stream.example' })
  const { routes, noted } = notedRoutes()
  const { reader, inbox, sessions } = store
  const server = stack.use(
    await build(
      {
        ...{ reader, inbox, sessions, pictures: inMemory(reader) },
        settings: { rateLimit: 1_000_000_000 },
        signIn: {
          addressFor: (host) => (host.startsWith('127.') ? `http://${host}` : undefined),
          published: async () => undefined,
          begin: async () => new URL(SIGN_IN_AT),
          finish: async () => {
            throw new SignInError('denied', 'by the test')
          },
        },
      },
      routes,
    ),
  )
  await server.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = server.app.server.address() as AddressInfo
  const all = stack.move()
  const documents = ['/openapi.json', '/docs/', '/nothing', '/nothing/:x'].map((url) => ({
    method: 'GET',
    url,
  }))
  return {
    port,
    routes: [...noted.filter(({ method }) => ['GET', 'POST', 'DELETE'].includes(method)), ...documents],
    logged: server.logged,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
