// `npm run soak`: the program under load for 20 minutes; see load/load.ts. `npm run soak -- faults --minutes 60 --seed 1`: the program
// on a simulated network in which everything goes wrong, whose ledger is compared with the model every half minute.
// `npm run soak -- cluster ...`: workers on a real Cassandra, compared with SQLite; see cluster.ts.
import { parseArgs } from 'node:util'
import { soak } from '../../test/soak/soak.ts'
import { soakOnCassandra } from './cluster.ts'
import { errorText } from './error-text.ts'
import { underLoad } from './load/load.ts'
import { reportOf } from './load/report.ts'
import { fullLoad } from './load/sizes.ts'

type Run = { minutes: number; seed: number; say: (line: string) => void }
type Mode = { minutes: number; run: (run: Run) => Promise<boolean> }

/** Each resolves to whether all went well. */
const MODES: Readonly<Record<string, Mode>> = {
  load: {
    minutes: 20,
    run: async ({ say, ...run }) => {
      const { figures, faults } = await underLoad({ ...fullLoad(run), say })
      console.log(`\n${reportOf(figures)}\n`)
      for (const fault of faults) console.log(`wrong: ${fault}`)
      return faults.length === 0
    },
  },
  faults: {
    minutes: 60,
    run: async (run) => {
      console.log(`the ledger is what the model has after ${await soak(run)}`)
      return true
    },
  },
  cluster: { minutes: 60, run: soakOnCassandra },
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const [name = 'load'] = positionals
const mode = MODES[name]
if (mode === undefined) throw new Error(`Expected ${Object.keys(MODES).join(', ')}, got ${name}`)
const [minutes, seed] = [Number(values.minutes ?? mode.minutes), Number(values.seed)]
console.log(`seed ${seed}, ${minutes} minutes`)
const began = performance.now()
const say = (line: string): void => {
  console.log(`${Math.round((performance.now() - began) / 1_000)} s: ${line}`)
}
const isRight = await mode.run({ minutes, seed, say }).catch((error: unknown) => {
  say(errorText(error))
  return false
})
process.exitCode = isRight ? 0 : 1
