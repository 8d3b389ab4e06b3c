import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cpuSeconds } from '../dev/cpu-seconds.ts'
import { NO_CHANGES, rulebook } from '../src/game/rulebook.ts'
import { Ledger } from '../src/ingest/ledger.ts'
import { Network } from '../src/simulator/network.ts'
import { openSqlite } from '../src/store/sqlite/open.ts'
import { medianBy } from './median.ts'
import { type Row, rate } from './table.ts'

const CHARACTERS = 200_000
/** Warm-up, until the code is compiled and the cache is filled. */
const WARM_SECONDS = { bare: 4, hot: 6, all: 40 }
const SECONDS = 5
/** Characters that are requested all the time: real requests are not spread evenly. */
const HOT = 2_000
const ROUNDS = 3

/** Characters by DID, any of 200,000, against a bare Fastify route with a constant answer. Needs `wrk`. */
export async function benchHttp(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-bench-'))
  try {
    const path = join(folder, 'ledger.db')
    const url = `sqlite:${path}`
    const dids = await fill(path, CHARACTERS)
    const scripts = { all: join(folder, 'all.lua'), hot: join(folder, 'hot.lua') }
    writeFileSync(scripts.all, charactersLua(dids))
    writeFileSync(scripts.hot, charactersLua(dids.slice(0, HOT)))
    const measured: Record<'bare' | 'all' | 'hot', Result[]> = { bare: [], all: [], hot: [] }
    for (let round = 0; round < ROUNDS; round++) {
      measured.bare.push(await measure('bare', url, scripts.all, WARM_SECONDS.bare))
      measured.all.push(await measure('ours', url, scripts.all, WARM_SECONDS.all))
      measured.hot.push(await measure('ours', url, scripts.hot, WARM_SECONDS.hot))
    }
    const [bare, all, hot] = [median(measured.bare), median(measured.all), median(measured.hot)]
    const note = ({ p99, rate: reached, asked }: Result) =>
      `${Math.round((reached / bare.rate) * 100)} % of the bare one; p99 ${p99} at ${rate(asked)}`
    return [
      {
        name: 'bare Fastify, a constant answer',
        value: rate(bare.rate),
        note: `p99 ${bare.p99} at ${rate(bare.asked)}`,
      },
      {
        name: 'GET /v1/characters/{did}, all headers and limits',
        value: rate(all.rate),
        note: `${note(all)}; any of ${CHARACTERS.toLocaleString('en')} characters, evenly`,
      },
      {
        name: '  of those that many ask for',
        value: rate(hot.rate),
        note: `${note(hot)}; any of ${HOT.toLocaleString('en')} characters`,
      },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Requests the same few characters from the ledger at `url` (`there`) and from one on SQLite (`here`), in turn. */
export async function hotOver(
  url: string,
  dids: readonly string[],
  folder: string,
): Promise<{ here: number; there: number }> {
  const path = join(folder, 'hot.db')
  const scripts = { here: join(folder, 'here.lua'), there: join(folder, 'there.lua') }
  writeFileSync(scripts.here, charactersLua(await fill(path, HOT)))
  writeFileSync(scripts.there, charactersLua(dids.slice(0, HOT)))
  const measured: Record<'here' | 'there', Result[]> = { here: [], there: [] }
  for (let round = 0; round < ROUNDS; round++) {
    measured.here.push(await measure('ours', `sqlite:${path}`, scripts.here, WARM_SECONDS.hot))
    measured.there.push(await measure('ours', url, scripts.there, WARM_SECONDS.hot))
  }
  return { here: median(measured.here).rate, there: median(measured.there).rate }
}

/** `rate`: requests a second of the server's processor time; `asked`: a second of the clock, where wrk may be the limit. */
type Result = { rate: number; asked: number; p99: string }

const median = (results: readonly Result[]): Result => medianBy(results, ({ rate }) => rate)

async function measure(
  kind: 'bare' | 'ours',
  url: string,
  script: string,
  warmSeconds: number,
): Promise<Result> {
  const server = spawn(
    process.execPath,
    [fileURLToPath(new URL('./http-server.ts', import.meta.url)), kind, url],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const [where] = await once(server.stdout, 'data')
  const args = ['-t1', '-c64', '--latency', '-s', script]
  const run = (seconds: number) =>
    execFileSync('wrk', [...args, `-d${seconds}s`, String(where).trim()], { encoding: 'utf8' })
  run(warmSeconds)
  const before = cpuSeconds(server.pid)
  const output = run(SECONDS)
  const spent = cpuSeconds(server.pid) - before
  server.kill()
  await once(server, 'close')
  return {
    rate: Number(/(\d+) requests in/.exec(output)?.[1]) / spent,
    asked: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]),
    p99: /99%\s+(\S+)/.exec(output)?.[1] ?? '',
  }
}

async function fill(path: string, actors: number): Promise<string[]> {
  const rules = rulebook(NO_CHANGES)
  await using store = openSqlite({ path, reserve: 0 })
  await using writer = await store.write({ fingerprint: rules.fingerprint, purpose: 'keep' })
  const ledger = new Ledger({
    game: {
      rules,
      former: undefined,
      followed: new Set(rules.collections),
      baseline: 'off',
      appview: 'none',
    },
    writer,
    folded: () => {},
  })
  const network = new Network({
    seed: 1,
    actors,
    start: 1_750_000_000_000_000,
    step: 1_000,
    mix: 'feed',
  })
  for (let at = 0; at < network.people.length; at += 5_000) {
    const piece = network.people.slice(at, at + 5_000)
    await ledger.fold(
      piece.flatMap((person) => network.first(person)),
      undefined,
    )
  }
  return network.people.map(({ did }) => did)
}

/** The Lua script with which `wrk` requests these characters at random. */
export function charactersLua(dids: readonly string[]): string {
  return `local dids = {${dids.map((did) => `"${did}"`).join(',')}}
math.randomseed(7)
request = function() return wrk.format("GET", "/v1/characters/" .. dids[math.random(#dids)]) end
`
}
