// Reads what a server says of a character. The server is not trusted: all that it sends is bounded in size and time, and checked.
import { Compile } from 'typebox/compile'
import { ProofEnd, ProofHead, ProofRecord } from '../../api/proof.ts'
import type { Did } from '../../atproto/event.ts'
import { openTrustedUrl } from '../../bluesky/open-url.ts'
import { bounded, fetchJson, isOk, RequestError, refusalOf } from '../../bluesky/request.ts'
import { NO_CHANGES, type Rulebook, rulebook } from '../../game/rulebook.ts'

export type Proof = { head: ProofHead; records: ProofRecord[] }

const JSON_LIMITS = { timeoutMs: 15_000, maxBytes: 2 ** 20 }
const PROOF_TIMEOUT_MS = 300_000
const MAX_LINE_BYTES = 64 * 1024
const MAX_RECORDS = 2_000_000
/** How often a proof is read anew because the character changed meanwhile. */
const MAX_TRIES = 4

const [isHead, isRecord, isEnd] = [Compile(ProofHead), Compile(ProofRecord), Compile(ProofEnd)]

/**
 * The proof of a character, as of one moment.
 * @throws {RequestError} where the server does not answer with one
 */
export async function fetchProof(server: string, did: Did, signal: AbortSignal): Promise<Proof> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const proof = await tryToFetch(server, did, signal)
    if (proof !== undefined) return proof
  }
  throw new RequestError('the character changes all the time; try again later')
}

/**
 * The rules by which the server awards, applied by this program.
 * @throws {RequestError} where this program does not know some of them
 */
export async function fetchRules(server: string, signal: AbortSignal): Promise<Rulebook> {
  const { points, caps, collections } = record(
    await fetchJson(`${server}/v1/rules`, { ...JSON_LIMITS, signal }),
  )
  const own = rulebook(NO_CHANGES)
  const isOwn = Array.isArray(collections) && collections.every((one) => own.collections.includes(one))
  try {
    if (!isOwn) throw new RangeError(`it awards ${JSON.stringify(collections).slice(0, 300)}`)
    return rulebook({ ...NO_CHANGES, points: numbers(points), caps: numbers(caps) })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new RequestError(`the server awards by rules that this program does not have: ${why}`, {
      cause: error,
    })
  }
}

/** What the server shows as the character's XP and level. */
export async function fetchShown(
  server: string,
  did: Did,
  signal: AbortSignal,
): Promise<{ experience: unknown; level: unknown }> {
  const url = `${server}/v1/characters/${encodeURIComponent(did)}`
  const { leveling } = record(await fetchJson(url, { ...JSON_LIMITS, signal }))
  const { experience, level } = record(leveling)
  return { experience, level }
}

async function tryToFetch(server: string, did: Did, signal: AbortSignal): Promise<Proof | undefined> {
  const where = new URL(server).host
  const ends = AbortSignal.any([signal, AbortSignal.timeout(PROOF_TIMEOUT_MS)])
  let head: ProofHead | undefined
  const records: ProofRecord[] = []
  try {
    const url = `${server}/v1/characters/${encodeURIComponent(did)}/proof`
    const opened = await openTrustedUrl(url, { signal: ends })
    if (!isOk(opened)) throw refusalOf(where, opened, await bounded(opened.body, MAX_LINE_BYTES))
    for await (const text of linesOf(opened.body)) {
      const line: unknown = JSON.parse(text)
      if (head === undefined) {
        if (!isHead.Check(line)) break
        head = line
      } else if (isRecord.Check(line)) {
        if (records.push(line) > MAX_RECORDS) throw new RequestError(`${where} sends no end of records`)
      } else if (isEnd.Check(line) && line.records === records.length) {
        return line.version === head.version ? { head, records } : undefined
      } else break
    }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof RequestError) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new RequestError(`${where} sends no proof: ${why}`, { cause: error })
  }
  throw new RequestError(`${where} sends something other than a proof`)
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  for await (const part of body) {
    const lines = (rest + decoder.decode(part, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE_BYTES) throw new RequestError('a line is too long')
    yield* lines
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw new RequestError('the server answers with something other than an object')
}

function numbers(value: unknown): Record<string, number> {
  return Object.fromEntries(Object.entries(record(value)).map(([name, n]) => [name, Number(n)]))
}
