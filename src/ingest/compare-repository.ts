// Compares one person with their repository: whether it is newer than what may have been missed, and if so, what is in it.
import { createRaw } from '@atcute/tid'
import type { Did, Micros, Nsid, Tid } from '../atproto/event.ts'
import type { Identity } from '../bluesky/identity.ts'
import type { Schedule } from '../bluesky/pace.ts'
import { isOnThisMachine } from '../bluesky/public-address.ts'
import type { Repositories } from '../bluesky/repositories.ts'
import { RepositoryError } from '../bluesky/repository/repository-error.ts'
import { RequestError } from '../bluesky/request.ts'
import { type ActorState, isImportable } from '../game/state.ts'
import { dayOf, secondsOf } from '../game/time.ts'
import type { Reconciled } from '../store/reconciliation.ts'
import { HostDownError, HostTurns } from './host-turns.ts'
import { isFinal } from './import-answers.ts'
import { importSnapshot } from './import-snapshot.ts'
import { KeyedLimit } from './keyed-limit.ts'
import { LeasedLedger } from './leased-ledger.ts'
import type { Ledger } from './ledger.ts'
import { isOfHost as failsAll } from './repository-answers.ts'

/** Requests of one server in a second: half of what the servers of the network allow. */
const PER_SECOND = 5
/** DID documents in a second, one after the other. */
const DOCUMENTS_PER_SECOND = 20
/** How long a server that has answered nobody is left alone. */
const REST_MS = 600_000
/** Tries for a person, and the first pause between two of them; each one after it is six times as long. */
const MAX_TRIES = 3
const FIRST_PAUSE_MS = 5_000
/**
 * Nothing is learned of anybody while the directory does not answer: so many tries take about half an hour, with pauses of
 * five minutes at most.
 */
const MAX_DIRECTORY_TRIES = 12
const MAX_PAUSE_MS = 300_000
const DIRECTORY = 'the PLC directory'

export type CompareOptions = {
  ledger: Pick<Ledger, 'use' | 'foldNow'>
  repositories: Repositories
  followed: ReadonlySet<Nsid>
  clock: () => Micros
  /** Resolves once the stream is not behind the network: what it has still to bring need not be fetched. */
  caughtUp: (signal: AbortSignal) => Promise<void>
  /** Told of each person who could not be asked, and why. */
  failed: (error: RequestError) => void
  /** Milliseconds of a clock that never goes back. */
  elapsedMs: () => number
  pause: (ms: number, signal: AbortSignal) => Promise<void>
  /** See `HostTurnsOptions`. */
  schedule?: Schedule
}

/** Limits of work at once. Background work has one lane, and what somebody waits for another, so it does not stand in line. */
export type Lane = { hosts: HostTurns; reads: KeyedLimit }

export type Comparison = {
  did: Did
  /** What is stored of them. */
  actor: ActorState | undefined
  /** When the latest gap began, and from when on a repository may have something that was missed: a little before the first. */
  latest: Micros
  since: Micros
  lane: Lane
  /** What became of them meanwhile in the other lane; `undefined` while nothing has. */
  known: () => Reconciled | undefined
  signal: AbortSignal
}

/** Of somebody who is stored. */
type KnownComparison = Comparison & { actor: ActorState; ledger: LeasedLedger }

/** Compares people with their repositories, each with tries that end. */
export class CompareRepository {
  readonly #options: CompareOptions

  constructor(options: CompareOptions) {
    this.#options = options
  }

  /** @param atOnce requests to hosts, and repositories that are read, at the same time */
  lane(atOnce: { hosts: number; reads: number }): Lane {
    const { elapsedMs, schedule } = this.#options
    const perSecond = (host: string): number => {
      if (host === DIRECTORY) return DOCUMENTS_PER_SECOND
      // A simulator has everybody on one server.
      return isOnThisMachine(`http://${host}`) ? Number.POSITIVE_INFINITY : PER_SECOND
    }
    return {
      hosts: new HostTurns({ perSecond, restMs: REST_MS, elapsedMs, schedule, atOnce: atOnce.hosts }),
      reads: new KeyedLimit(atOnce.reads),
    }
  }

  /** @throws the signal's reason, once it aborts; {LeaseEndedError} where the person's shard has left this worker */
  async compare(comparison: Comparison): Promise<Reconciled> {
    const { actor, signal } = comparison
    const { pause, failed, caughtUp } = this.#options
    if (actor === undefined || !isToBeCompared(actor)) return 'same'
    const ledger = await LeasedLedger.begin(this.#options.ledger, comparison.did)
    for (let tries = 1; ; tries++) {
      await caughtUp(signal)
      let host: string | undefined
      try {
        const found = await this.#find(comparison)
        if ('known' in found) return found.known
        host = found.pds.host
        return await this.#compareWith(found, { ...comparison, actor, ledger })
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof RequestError)) throw error
        if (isGone(error)) {
          await this.#noteAccount({ ...comparison, actor, ledger }, 'deactivated')
          return 'same'
        }
        const { max, factor } = policyOf(error, { did: comparison.did, isFound: host !== undefined })
        if (tries >= max) {
          if (max > 1 && host !== undefined && isOfHost(error)) comparison.lane.hosts.leaveAlone(host)
          failed(error)
          return 'failed'
        }
        await pause(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * factor ** (tries - 1)), signal)
      }
    }
  }

  #find({ did, lane, known, signal }: Comparison): Promise<Identity | { known: Reconciled }> {
    const { repositories } = this.#options
    const host = did.startsWith('did:web:') ? did.slice('did:web:'.length) : DIRECTORY
    return lane.hosts.use(host, signal, async () => {
      const became = known()
      return became === undefined ? await repositories.find(did, signal) : { known: became }
    })
  }

  /**
   * Notes a status that the stream has not brought, as of the beginning of the latest gap: a status that it has brought since
   * outweighs this one, and none that it brought before does.
   */
  async #noteAccount(
    { did, latest, actor, ledger }: KnownComparison,
    status: 'active' | 'deactivated',
  ): Promise<void> {
    if ((status === 'active') === (actor.status === 'active')) return
    const { clock } = this.#options
    await ledger.fold([{ kind: 'account', did, at: clock(), time: latest, status }], undefined)
  }

  async #compareWith({ pds, key }: Identity, comparison: KnownComparison): Promise<Reconciled> {
    const { repositories, followed, clock } = this.#options
    const { did, actor, since, lane, signal, ledger } = comparison
    const rev = await lane.hosts.use(pds.host, signal, () => repositories.latestRev(did, { pds, signal }))
    await this.#noteAccount(comparison, rev === undefined ? 'deactivated' : 'active')
    const { head } = actor
    const from = createRaw(Math.max(0, since), 0)
    if (rev === undefined || rev <= from || (head !== undefined && rev <= head)) return 'same'
    const records = { today: dayOf(secondsOf(clock())) }
    const wanted = { pds, key, collections: followed, records, signal }
    const read = () => repositories.snapshot(did, wanted)
    const snapshot = await lane.hosts.use(pds.host, signal, read, lane.reads)
    if (snapshot === undefined) return 'same'
    // All of the repository of those who were imported is known, so all of it is compared.
    const whole: Tid | undefined = head === undefined ? from : undefined
    const about = { ledger, did, snapshot, since: whole, question: undefined, followed, clock, signal }
    await importSnapshot({ ...about, progress: () => {} })
    return 'changed'
  }
}

/**
 * True where the server that somebody's document names does not have them, or the directory says that they have ended. They are
 * hidden, not deleted: a server may be wrong, and is not asked again.
 */
function isGone({ error, status }: RequestError): boolean {
  return error === 'RepoNotFound' || status === 410
}

/** Nothing is compared of those who do not want to be seen. Accounts that were away may have come back. */
function isToBeCompared(actor: ActorState): boolean {
  return actor.born && actor.status !== 'deleted' && isImportable({ ...actor, status: 'active' })
}

/** How often to try, and by how much longer each pause is than the one before; `isFound`: their document is not to blame. */
function policyOf(
  error: RequestError,
  { did, isFound }: { did: Did; isFound: boolean },
): { max: number; factor: number } {
  if (isFinal(error) || error instanceof HostDownError) return { max: 1, factor: 1 }
  if (isFound || did.startsWith('did:web:')) return { max: MAX_TRIES, factor: 6 }
  // What the document says stays as it is.
  if (!isOfHost(error)) return { max: 1, factor: 1 }
  return { max: MAX_DIRECTORY_TRIES, factor: 2 }
}

/** True where the host would fail anybody, not just this person. */
function isOfHost(error: RequestError): boolean {
  if (error instanceof RepositoryError) return failsAll(error)
  const { status, cause } = error
  return status === undefined ? cause !== undefined : status >= 500 || status === 429
}
