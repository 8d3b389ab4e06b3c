import { type Did, isDid } from '@atcute/lexicons/syntax'
import { readActorName } from '../atproto/actor-name.ts'
import { uriOf } from '../atproto/uri.ts'
import { APPVIEW_SHARES, type AppView, AT_ONCE } from '../bluesky/appview.ts'
import { Pace } from '../bluesky/pace.ts'
import { openRepositories } from '../bluesky/repositories.ts'
import type { ReadRecord } from '../bluesky/repository/record-list.ts'
import { RequestError } from '../bluesky/request.ts'
import { origin } from '../config/values.ts'
import type { Config } from '../config.ts'
import type { Media } from '../game/media.ts'
import { DAY_MICROS } from '../game/time.ts'
import { compareProof } from './check/compare-proof.ts'
import { fetchProof, fetchRules, fetchShown } from './check/fetch-proof.ts'
import { type Command, CommandError } from './command.ts'
import { interruptible } from './ending.ts'
import { appviewOf, clock } from './from-config.ts'

const MAX_SHOWN = 20
/** Reposted posts about which the AppView is asked. */
const MAX_SUBJECTS = 1_000
/** Records unpacked at once. */
const RECORDS_AT_ONCE = 1_000
/** As in the reference of the command: what was asked could not be found out. */
const COULD_NOT_CHECK = 2

export const check: Command = {
  usage: ' <actor>',
  summary:
    "Count a person's repository again and compare it with what a server says: 0 equal, 1 differs, 2 could not check",
  flags: { server: { type: 'string', meaning: 'the server to check, such as https://rpg.example.com' } },
  positionals: 1,
  run: interruptible(async ({ config, flags, positionals: [actor = ''] }, signal) => {
    try {
      return await compare(config, { actor, server: serverOf(flags.server), signal })
    } catch (error) {
      signal.throwIfAborted()
      // Of its kind are the errors of reading a repository, too.
      if (!(error instanceof RequestError || error instanceof CommandError)) throw error
      console.error(`bsky-rpg: could not check: ${error.message}`)
      return COULD_NOT_CHECK
    }
  }),
}

type What = { actor: string; server: string; signal: AbortSignal }

async function compare(config: Config, { actor, server, signal }: What): Promise<number> {
  const appview = appviewOf(config, new Pace(APPVIEW_SHARES.lookUps))
  const did = await didOf(actor, appview, signal)
  const [rules, proof] = await Promise.all([fetchRules(server, signal), fetchProof(server, did, signal)])
  if (proof.head.did !== did) throw new RequestError(`the server answers about ${proof.head.did}`)
  const shown = await fetchShown(server, did, signal)

  const repositories = openRepositories({ plcUrl: config.PLC_URL, received: () => {} })
  const { pds, key } = await repositories.find(did, signal)
  const collections = new Set(rules.collections)
  const today = Math.floor(clock() / DAY_MICROS)
  const snapshot = await repositories.snapshot(did, { pds, key, collections, records: { today }, signal })
  if (snapshot?.records === undefined) {
    throw new RequestError(`${pds.host} withholds the repository, because the account is not active`)
  }
  const records: ReadRecord[] = []
  for (let at = 0; at < snapshot.records.size; at += RECORDS_AT_ONCE) {
    records.push(...snapshot.records.slice(at, at + RECORDS_AT_ONCE))
  }
  const media = await mediaOf(records, appview, signal)
  const { equal, explained, differences } = compareProof({
    did,
    rules,
    proof,
    repository: { rev: snapshot.rev, records },
    mediaOf: (uri) => media.get(uri),
    now: clock(),
  })
  const { experience, level } = proof.head
  const all = [
    ...(shown.experience === experience && shown.level === level
      ? []
      : [
          `its page shows ${shown.experience} XP and level ${shown.level}, its proof ${experience} and ${level}`,
        ]),
    ...differences,
  ]
  for (const difference of all.slice(0, MAX_SHOWN)) console.log(difference)
  if (all.length > MAX_SHOWN) console.log(`and ${all.length - MAX_SHOWN} more`)
  for (const [why, n] of explained) console.log(`${n} records: ${why}`)
  const sum = `${experience} XP, level ${level}, ${equal} records counted alike`
  console.log(all.length === 0 ? `equal: ${sum}` : `differs (${all.length}): ${sum}`)
  return all.length === 0 ? 0 : 1
}

function serverOf(text: string | boolean | undefined): string {
  try {
    return origin(String(text ?? ''))
  } catch (error) {
    const expected = error instanceof Error ? error.message : String(error)
    throw new CommandError(`--server is ${JSON.stringify(text ?? '')}; expected ${expected}`, {
      cause: error,
    })
  }
}

async function didOf(actor: string, appview: AppView, signal: AbortSignal): Promise<Did> {
  const name = readActorName(actor)
  const did = name === undefined || isDid(name) ? name : await appview.resolve(name, signal)
  if (did !== undefined) return did
  throw new CommandError(
    `${JSON.stringify(actor)} is nobody; expected a DID, or a handle that the AppView knows`,
  )
}

/** What the AppView says of the posts that these records repost; posts that it does not know are left out. */
async function mediaOf(
  records: readonly ReadRecord[],
  appview: AppView,
  signal: AbortSignal,
): Promise<Map<string, Media>> {
  const subjects = records.flatMap(({ facts }) =>
    facts?.subject === undefined ? [] : [uriOf(facts.subject)],
  )
  const uris = [...new Set(subjects)].slice(-MAX_SUBJECTS)
  const media = new Map<string, Media>()
  for (let at = 0; at < uris.length; at += AT_ONCE) {
    for (const [uri, one] of await appview.posts(uris.slice(at, at + AT_ONCE), signal)) media.set(uri, one)
  }
  return media
}
