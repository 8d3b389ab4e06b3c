import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Did } from '@atcute/lexicons/syntax'
import { Type } from 'typebox'
import type { RecordId } from '../../atproto/uri.ts'
import { BASELINE } from '../../game/baseline.ts'
import { levelOf } from '../../game/levels.ts'
import type { RecordState } from '../../game/state.ts'
import type { Character } from '../../store/store.ts'
import { Downloads } from '../downloads.ts'
import { isKnown } from '../if-none-match.ts'
import { ActorParameters } from '../parameters.ts'
import { tooDear } from '../problem.ts'
import type { ProofEnd, ProofHead, ProofRecord } from '../proof.ts'
import { addressOf, clientOf } from '../protect.ts'
import { NAMES_PEOPLE, NOT_MODIFIED, problems } from '../responses.ts'
import type { RouteOptions, Routes } from './route.ts'

/** Records read at a time: some milliseconds. */
const PAGE = 500
/** Proofs that are sent at a time: with more, each would only take longer. */
const AT_A_TIME = { max: 8, maxOfAClient: 2, error: 'TooManyProofs', name: 'proofs' }
/** A proof counts as this many requests. */
const COST = 20

/** What somebody else needs to count a character's records again. */
export const proofRoutes: Routes = (app, options) => {
  const { actors, rules } = options
  const downloads = new Downloads(app, AT_A_TIME)
  app.get(
    '/v1/characters/:actor/proof',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'getCharacterProof',
        tags: ['characters'],
        summary: "Get what a character's XP is made of",
        description: `Every live record with its XP and reason, as JSON lines: first what they add up to, at last how many there were. \`bsky-rpg check\` compares it with the person's repository. If \`version\` of the last line is not that of the first, the character changed meanwhile: ask again. Counts as ${COST} requests.`,
        params: ActorParameters,
        response: {
          200: Type.Unsafe<Readable>({
            description: 'one object a line',
            content: { 'application/jsonl': { schema: Type.String() } },
          }),
          304: NOT_MODIFIED,
          ...problems(400, 404, 503),
        },
      },
    },
    async (request, reply) => {
      const client = clientOf(request, reply)
      const did = await actors.didOf(request.params.actor, client)
      // Before the first byte is sent: afterwards it would be too late for a 404.
      const character = await actors.character(did)
      const hash = createHash('sha256').update(rules.mark).digest('base64url').slice(0, 6)
      const etag = `"${character.version}.${hash}.proof"`
      reply.headers({ etag, 'cache-control': NAMES_PEOPLE })
      if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send(null)
      const pay = (): void => {
        if (!client.charge(COST - 1)) throw tooDear('A proof', COST)
      }
      const proof = downloads.begin(addressOf(request), pay, () => lines(options, character))
      return reply.header('content-type', 'application/jsonl; charset=utf-8').send(proof)
    },
  )
  app.head(
    '/v1/characters/:actor/proof',
    { schema: { hide: true, params: ActorParameters } },
    async (request, reply) => {
      await actors.character(await actors.didOf(request.params.actor, clientOf(request, reply)))
      return reply.header('content-type', 'application/jsonl; charset=utf-8').send()
    },
  )
}

/** Reads page by page as fast as the client does, in turn with other long reads. */
async function* lines(options: RouteOptions, character: Character): AsyncGenerator<string> {
  const { reader, status, heavy } = options
  const { did, experience, version } = character
  const { cursor } = (await status.get()).status
  const head: ProofHead = {
    kind: 'proof',
    did,
    experience,
    level: levelOf(experience),
    version,
    seenUpTo: cursor && new Date(cursor.at / 1000).toISOString(),
  }
  yield `${JSON.stringify(head)}\n`
  const pages: AsyncIterator<[RecordId, RecordState][], void> = reader
    .records(did, PAGE)
    [Symbol.asyncIterator]()
  let records = 0
  try {
    for (;;) {
      const { value: page, done } = await heavy.run(() => pages.next())
      if (done) break
      records += page.length
      yield page.map((record) => `${JSON.stringify(lineOf(options, record))}\n`).join('')
    }
  } finally {
    await pages.return?.()
  }
  const end: ProofEnd = { kind: 'end', records, version: await versionOf(options, did) }
  yield `${JSON.stringify(end)}\n`
}

function lineOf(
  { rules }: RouteOptions,
  [{ collection, rkey }, { rev, xp, facts, at, capped, claimed }]: [RecordId, RecordState],
): ProofRecord {
  const reason = collection === BASELINE ? 'baseline' : rules.award(collection, facts).reason
  return {
    kind: 'record',
    collection,
    rkey,
    rev,
    reason,
    experience: xp,
    witnessed: claimed === undefined ? new Date(at * 1000).toISOString() : undefined,
    capped: capped || undefined,
  }
}

async function versionOf({ reader }: RouteOptions, did: Did): Promise<string | undefined> {
  return (await reader.character(did))?.version
}
