// `npm run soak -- --minutes 60 --seed 1`: runs the program on a simulated network in which everything goes wrong, and
// compares its ledger with the model every half minute. `npm run soak -- cluster ...`: workers on a real Cassandra, compared
// with SQLite; see cluster.ts.
import { parseArgs } from 'node:util'
import { soak } from '../../test/soak/soak.ts'
import { soakOnCassandra } from './cluster.ts'
import { errorText } from './error-text.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const [minutes, seed] = [Number(values.minutes), Number(values.seed)]
console.log(`seed ${seed}, ${minutes} minutes`)
const began = performance.now()
const say = (line: string): void => {
  console.log(`${Math.round((performance.now() - began) / 1_000)} s: ${line}`)
}
if (positionals.includes('cluster')) {
  const isRight = await soakOnCassandra({ minutes, seed, say }).catch((error: unknown) => {
    say(errorText(error))
    return false
  })
  process.exitCode = isRight ? 0 : 1
} else {
  const figures = await soak({ minutes, seed, say })
  console.log(`the ledger is what the model has after ${figures}`)
}
