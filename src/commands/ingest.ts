import type { Command } from './command.ts'
import { startIngest } from './ingest-worker.ts'

export const ingest: Command = {
  usage: '',
  summary: 'Listen to Jetstream and write the ledger, without serving it',
  flags: {},
  positionals: 0,
  async run({ config }, signal) {
    await startIngest({ config, changed: () => {}, imported: () => {}, signal }).ended
    return 0
  },
}
