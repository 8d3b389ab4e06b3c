import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Did, isDid } from '@atcute/lexicons/syntax'
import { avatarOf, hasAvatar } from './avatar.ts'
import type { Faults } from './faults.ts'
import { HOSTILE } from './hostile.ts'
import { serveHostileRepository } from './hostile-repository.ts'
import type { Network } from './network.ts'
import type { Person } from './people.ts'
import { Random } from './random.ts'
import { repositoryOf } from './repository.ts'
import { signingKeyOf } from './signing-key.ts'
import { saidOf } from './untrue.ts'
import { postView, profileView } from './views.ts'

export type AppViewServerOptions = {
  network: Network
  faults: Faults
  seed: number
  /** Receives the people whom an answer misrepresents; see `Simulator`. */
  misled: Set<Did>
  /** This server's own address, also that of everybody's repository. */
  url: () => string
  /** The zstd dictionary served at a path for now; undefined where there is none. */
  dictionaryAt: (path: string) => Uint8Array | undefined
}

/** Where the avatars are, by DID. */
const AVATARS = '/avatars/'

/** How many actors or URIs the lexicons allow in one call. */
const MAX_PER_CALL = 25

/** An answer: a status with JSON, or bytes. */
type Answer = { status: number; json: unknown } | { status: 200; bytes: Uint8Array; type: string }

/** Answers as an AppView, the PLC directory and a repository server would, all about one network. */
export function appviewHandler(options: AppViewServerOptions) {
  const { faults } = options
  const random = new Random(options.seed ^ 0x2545f491)
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', options.url())
    if (url.pathname.startsWith('/xrpc/app.bsky.')) {
      if (random.chance(faults.appviewHangs)) return
      if (random.chance(faults.appview)) {
        fail(response, random)
        return
      }
    }
    if (url.pathname.endsWith('.getRepo') && isHostile(url, faults, random)) {
      await serveHostileRepository(response, random)
      return
    }
    const answer = await answerTo(url, options, random)
    if ('bytes' in answer) {
      response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.bytes)
    } else {
      response
        .writeHead(answer.status, { 'content-type': 'application/json' })
        .end(JSON.stringify(answer.json))
    }
  }
}

async function answerTo(
  url: URL,
  { network, faults, misled, url: self, dictionaryAt }: AppViewServerOptions,
  random: Random,
): Promise<Answer> {
  const { pathname, searchParams: query } = url
  const dictionary = dictionaryAt(pathname)
  if (dictionary !== undefined) return { status: 200, bytes: dictionary, type: 'application/octet-stream' }
  if (pathname.startsWith(AVATARS)) {
    const person = personOf(network, decoded(pathname.slice(AVATARS.length)))
    if (person === undefined || !hasAvatar(person)) return missing('no avatar here')
    return { status: 200, bytes: avatarOf(person), type: 'image/png' }
  }
  switch (pathname) {
    case '/healthz':
      return found({ status: 'ok' })
    case '/xrpc/app.bsky.actor.getProfiles': {
      const actors = query.getAll('actors')
      if (actors.length > MAX_PER_CALL) return refusal('InvalidRequest', `at most ${MAX_PER_CALL} actors`)
      const people = actors.flatMap((actor) => personOf(network, actor) ?? network.byHandle(actor) ?? [])
      const views = people.flatMap((person) => {
        const said = saidOf(person, network, faults, random)
        if (said !== undefined && said.shy !== person.shy) misled.add(person.did)
        return (said && profileView(person, self(), said)) ?? []
      })
      return found({ profiles: views })
    }
    case '/xrpc/app.bsky.actor.searchActorsTypeahead': {
      const text = (query.get('q') ?? '').toLowerCase()
      const begins = ({ handle, displayName }: Person) =>
        handle.startsWith(text) || displayName.toLowerCase().startsWith(text)
      const limit = Number(query.get('limit') ?? 10)
      const views = network.people.filter(begins).flatMap((person) => profileView(person, self()) ?? [])
      return found({ actors: views.slice(0, limit) })
    }
    case '/xrpc/app.bsky.feed.getPosts': {
      const uris = query.getAll('uris')
      if (uris.length > MAX_PER_CALL) return refusal('InvalidRequest', `at most ${MAX_PER_CALL} uris`)
      const shown = uris.filter(() => !random.chance(faults.appviewOmits))
      return found({ posts: shown.flatMap((uri) => postView(network, uri) ?? []) })
    }
    case '/xrpc/com.atproto.identity.resolveHandle': {
      const person = network.byHandle(query.get('handle') ?? '')
      return person ? found({ did: person.did }) : refusal('InvalidRequest', 'Unable to resolve handle')
    }
    case '/xrpc/com.atproto.sync.getRepo':
    case '/xrpc/com.atproto.sync.getLatestCommit': {
      const person = personOf(network, query.get('did') ?? '')
      // People who are away keep theirs, so that an answer does not depend on when the question comes.
      if (person === undefined || person.status === 'deleted')
        return refusal('RepoNotFound', 'it is not here')
      const { cid, rev, car } = await repositoryOf(person)
      if (pathname.endsWith('getLatestCommit')) return found({ cid, rev })
      return { status: 200, bytes: car, type: 'application/vnd.ipld.car' }
    }
    default:
      return await documentOf(network, pathname.slice(1), self())
  }
}

/** A DID document as the PLC directory serves it, but for every DID method: no other server here has them. */
async function documentOf(network: Network, did: string, serviceEndpoint: string): Promise<Answer> {
  const service = [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint }]
  const methodOf = async (owner: Pick<Person, 'did' | 'index'>) => {
    const publicKeyMultibase = await (await signingKeyOf(owner)).exportPublicKey('multikey')
    return [{ id: `${owner.did}#atproto`, type: 'Multikey', controller: owner.did, publicKeyMultibase }]
  }
  if (decoded(did) === HOSTILE) {
    const verificationMethod = await methodOf({ did: HOSTILE, index: 0 })
    return found({ id: HOSTILE, alsoKnownAs: [], verificationMethod, service })
  }
  const person = personOf(network, decoded(did))
  if (person === undefined) return missing('nothing here')
  const verificationMethod = await methodOf(person)
  return found({ id: person.did, alsoKnownAs: [`at://${person.handle}`], verificationMethod, service })
}

/** True where the repository is to be served in a hostile way: always for `HOSTILE`, else by chance. */
function isHostile(url: URL, faults: Faults, random: Random): boolean {
  return url.searchParams.get('did') === HOSTILE || random.chance(faults.repositories)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function personOf(network: Network, did: string): Person | undefined {
  return isDid(did) ? network.person(did) : undefined
}

function found(json: unknown): Answer {
  return { status: 200, json }
}

function missing(message: string): Answer {
  return { status: 404, json: { error: 'NotFound', message } }
}

function refusal(error: string, message: string): Answer {
  return { status: 400, json: { error, message } }
}

function fail(response: ServerResponse, random: Random): void {
  const reset = String(Math.floor(Date.now() / 1_000) + 1)
  const limits = { 'ratelimit-limit': '3000', 'ratelimit-remaining': '0', 'ratelimit-reset': reset }
  switch (random.below(4)) {
    case 0:
      response.writeHead(429, limits).end('{"error":"RateLimitExceeded"}')
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
