import { iso } from '../game/time.ts'
import { type Command, CommandError } from './command.ts'
import { interruptible } from './ending.ts'
import { clusterOf } from './from-config.ts'

export const rollback: Command = {
  usage: ' <shard>',
  summary:
    'On a cluster: drop the last batch of a shard whose journal has lost it; the stream sends it again',
  flags: {},
  positionals: 1,
  run: interruptible(async ({ config, positionals: [word = ''] }, signal) => {
    if (!/^\d{1,5}$/.test(word)) {
      throw new CommandError(
        `${JSON.stringify(word)} is not a shard; expected the number in the log, from 0 on`,
      )
    }
    await using store = await clusterOf(config, { ending: signal })
    const { lost, batch, cursor } = await store.rollBack(Number(word))
    const from = iso(cursor.at)
    const to =
      batch === undefined
        ? 'no batch before it is left, so it resumes'
        : `it is at batch ${batch} again, and resumes`
    console.log(`shard ${word}: batch ${lost} is dropped; ${to} from the stream as of ${from}`)
    return 0
  }),
}
