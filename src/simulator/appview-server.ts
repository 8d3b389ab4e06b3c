import type { IncomingMessage, ServerResponse } from 'node:http'
import { isDid } from '@atcute/lexicons/syntax'
import type { JsonObject } from '../atproto/json.ts'
import { parseUri } from '../atproto/uri.ts'
import { cid, viewOf } from './embeds.ts'
import type { Faults } from './faults.ts'
import type { Network } from './network.ts'
import type { Person } from './people.ts'
import { Random } from './random.ts'
import { repositoryCar } from './repository.ts'

export type AppViewServerOptions = {
  network: Network
  faults: Faults
  seed: number
  /** This server's own address, which is also where everybody's repository is. */
  url: () => string
  /** What v2's getZstdDictionary serves, at the time that it is asked. */
  dictionary: () => Uint8Array | undefined
}

/** The most that one call may name, by its lexicon. */
const AT_ONCE = 25

/** An answer: a status with JSON, or bytes. */
type Answer = { status: number; json: unknown } | { status: 200; bytes: Uint8Array; type: string }

/** Answers what an AppView, the directory of DIDs and a repository server would, over the one network. */
export function appviewHandler(options: AppViewServerOptions) {
  const random = new Random(options.seed ^ 0x2545f491)
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', options.url())
    if (url.pathname.startsWith('/xrpc/app.bsky.') && random.chance(options.faults.appview)) {
      fail(response, random)
      return
    }
    const answer = await answerTo(url, options)
    if ('bytes' in answer) {
      response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.bytes)
    } else {
      response
        .writeHead(answer.status, { 'content-type': 'application/json' })
        .end(JSON.stringify(answer.json))
    }
  }
}

async function answerTo(url: URL, { network, url: self, dictionary }: AppViewServerOptions): Promise<Answer> {
  const { pathname, searchParams: query } = url
  switch (pathname) {
    case '/healthz':
      return { status: 200, json: { status: 'ok' } }
    case '/xrpc/app.bsky.actor.getProfiles': {
      const actors = query.getAll('actors')
      if (actors.length > AT_ONCE) return refusal('InvalidRequest', `at most ${AT_ONCE} actors`)
      return { status: 200, json: { profiles: actors.flatMap((actor) => profileOf(network, actor) ?? []) } }
    }
    case '/xrpc/app.bsky.feed.getPosts': {
      const uris = query.getAll('uris')
      if (uris.length > AT_ONCE) return refusal('InvalidRequest', `at most ${AT_ONCE} uris`)
      return { status: 200, json: { posts: uris.flatMap((uri) => postOf(network, uri) ?? []) } }
    }
    case '/xrpc/com.atproto.identity.resolveHandle': {
      const person = network.byHandle(query.get('handle') ?? '')
      return person
        ? { status: 200, json: { did: person.did } }
        : refusal('InvalidRequest', 'Unable to resolve handle')
    }
    case '/xrpc/com.atproto.sync.getRepo': {
      const person = personOf(network, query.get('did') ?? '')
      if (person === undefined || person.status === 'deleted')
        return refusal('RepoNotFound', 'no such repository')
      return { status: 200, bytes: await repositoryCar(person), type: 'application/vnd.ipld.car' }
    }
    case '/xrpc/network.bsky.jetstream.getZstdDictionary': {
      const current = dictionary()
      if (current === undefined) return { status: 404, json: { error: 'NotFound', message: 'no dictionary' } }
      return { status: 200, bytes: current, type: 'application/octet-stream' }
    }
    default:
      return documentOf(network, pathname.slice(1), self())
  }
}

function documentOf(network: Network, did: string, serviceEndpoint: string): Answer {
  const person = personOf(network, decodeURIComponent(did))
  if (person === undefined) return { status: 404, json: { error: 'NotFound', message: 'nothing here' } }
  const service = [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint }]
  return { status: 200, json: { id: person.did, alsoKnownAs: [`at://${person.handle}`], service } }
}

function profileOf(network: Network, actor: string): object | undefined {
  const person = personOf(network, actor) ?? network.byHandle(actor)
  if (person === undefined || person.status !== 'active') return undefined
  const { did, handle, displayName, shy, records } = person
  let postsCount = 0
  for (const path of records.keys()) if (path.startsWith('app.bsky.feed.post/')) postsCount += 1
  const labels = shy
    ? [{ src: did, uri: `at://${did}/app.bsky.actor.profile/self`, val: '!no-unauthenticated' }]
    : []
  return { did, handle, displayName, postsCount, labels }
}

function postOf(network: Network, uri: string): object | undefined {
  const id = parseUri(uri)
  const record = id && network.record(id)
  if (id === undefined || record === undefined) return undefined
  const embed = viewOf(record.embed as JsonObject | undefined)
  return { uri, cid: cid(new Random(uri.length)), author: { did: id.did }, record, ...(embed && { embed }) }
}

function personOf(network: Network, did: string): Person | undefined {
  return isDid(did) ? network.person(did) : undefined
}

function refusal(error: string, message: string): Answer {
  return { status: 400, json: { error, message } }
}

function fail(response: ServerResponse, random: Random): void {
  const soon = String(Math.floor(Date.now() / 1000) + 1)
  switch (random.below(4)) {
    case 0:
      response
        .writeHead(429, { 'ratelimit-reset': soon, 'retry-after': '1' })
        .end('{"error":"RateLimitExceeded"}')
      break
    case 1:
      response.writeHead(500).end('{"error":"InternalServerError"}')
      break
    case 2:
      response.writeHead(200).end('<html>not what was asked for</html>')
      break
    default:
      response.destroy()
  }
}
