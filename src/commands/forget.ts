import { type Did, isDid } from '@atcute/lexicons/syntax'
import { readActorName } from '../atproto/actor-name.ts'
import { eraseFromDisk } from '../pictures/disk-cache.ts'
import type { Store } from '../store/store.ts'
import { type Command, CommandError } from './command.ts'
import { interruptible } from './ending.ts'
import { clock, gameOf, storeOf } from './from-config.ts'
import { fulfil } from './fulfil.ts'
import { pictureFolders } from './pictures-job.ts'

export const forget: Command = wishFor('forget', {
  summary: 'Remove everything about a person permanently',
  done: 'forgotten',
})

export const unforget: Command = wishFor('unforget', {
  summary: 'Count and show a forgotten person again, from now on',
  done: 'no longer forgotten',
})

function wishFor(kind: 'forget' | 'unforget', { summary, done }: { summary: string; done: string }): Command {
  return {
    usage: ' <actor>',
    summary,
    flags: {},
    positionals: 1,
    run: interruptible(async ({ config, positionals }, signal) => {
      await using store = await storeOf(config, 'upgrade', { ending: signal })
      const did = await didOf(store, positionals[0] ?? '')
      await store.inbox.leave({ kind, did, at: clock() })
      for (const folder of pictureFolders(config)) await eraseFromDisk(folder, did)
      const isDone = await fulfil(store, gameOf(config))
      if (isDone) console.log(`${did} is ${done}`)
      else console.log(`${did}: the running ingest will do it within seconds`)
      return 0
    }),
  }
}

async function didOf(store: Store, actor: string): Promise<Did> {
  const name = readActorName(actor)
  const did = name === undefined || isDid(name) ? name : await store.reader.didOf(name)
  if (did !== undefined) return did
  throw new CommandError(
    `${JSON.stringify(actor)} is not known here; expected a DID, or the handle of a character`,
  )
}
