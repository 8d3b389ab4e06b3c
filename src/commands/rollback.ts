import type { Command } from './command.ts'
import { CommandError } from './command.ts'
import { clusterOf } from './from-config.ts'

export const rollback: Command = {
  usage: ' <shard>',
  summary:
    'On a cluster: give up the last batch of a shard that the journal has lost; the stream brings it again',
  flags: {},
  positionals: 1,
  async run({ config, positionals: [word = ''] }, signal) {
    if (!/^\d{1,5}$/.test(word)) {
      throw new CommandError(
        `${JSON.stringify(word)} is no shard; expected the number that the log and /readyz name, from 0 on`,
      )
    }
    await using store = await clusterOf(config, { ending: signal })
    const { lost, batch, cursor } = await store.rollBack(Number(word))
    const from = new Date(cursor.at / 1_000).toISOString()
    const to =
      batch === undefined
        ? 'no batch before it is left, so it goes'
        : `it is at batch ${batch} again, and goes`
    console.log(`shard ${word}: batch ${lost} is given up; ${to} on from the stream as of ${from}`)
    return 0
  },
}
