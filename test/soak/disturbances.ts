import { setTimeout as sleep } from 'node:timers/promises'
import { ALL_FAULTS, type Faults, NO_FAULTS } from '../../src/simulator/faults.ts'
import type { Random } from '../../src/simulator/random.ts'
import type { Simulator } from '../../src/simulator/simulator.ts'
import type { Figures } from './figures.ts'
import type { Server } from './server.ts'

export const HOUR_MS = 3_600_000
/** The most hours by which the server's clock is set ahead. */
export const MAX_HOURS_AHEAD = 24 * 366

/** All faults of connections, the AppView and repository servers that must not lose anything. */
export const BAD: Partial<Faults> = {
  ...ALL_FAULTS,
  badTime: 0.002,
  repositories: 0.1,
  appviewOmits: 0.1,
  appviewLies: 0.1,
  appviewBehind: 1_000,
}
/** No faults, but for events that the archive already has in another order. */
export const GOOD: Partial<Faults> = { ...NO_FAULTS, reorder: ALL_FAULTS.reorder }

export type Disturbed = { simulator: Simulator; server: Server; random: Random; figures: Figures }

/** Causes one disturbance after the other until `end`, by `performance.now()`, and ends them all then. */
export async function disturb(disturbed: Disturbed, end: number): Promise<void> {
  const { simulator, server, random } = disturbed
  Object.assign(simulator.faults, BAD)
  while (performance.now() < end) {
    await sleep(500 + random.below(2_500))
    await random.pick(DISTURBANCES)(disturbed)
    await server.assertAlive()
  }
  server.set({ clockMs: 0 })
  Object.assign(simulator.faults, GOOD)
}

const DISTURBANCES: readonly ((disturbed: Disturbed) => Promise<void>)[] = [
  async ({ server, figures }) => {
    figures.add('kills -9')
    await server.kill()
    server.start()
  },
  async ({ server, figures }) => {
    figures.add('restarts')
    await server.stop()
    server.start()
  },
  async ({ server, figures }) => {
    figures.add('full disks')
    await server.fillDisk()
    server.start()
  },
  async ({ server, random, figures }) => {
    figures.add('clocks that jump')
    const hours = random.pick([-1, -24 * 400, 2, MAX_HOURS_AHEAD])
    server.set({ clockMs: hours * HOUR_MS })
    await sleep(1_000 + random.below(3_000))
    server.set({ clockMs: 0 })
  },
  async ({ server, random, figures }) => {
    figures.add('starts under a wrong clock')
    await server.kill()
    server.set({ clockMs: random.pick([-1, MAX_HOURS_AHEAD]) * HOUR_MS })
    server.start()
    await sleep(2_000 + random.below(3_000))
    server.set({ clockMs: 0 })
  },
  async (disturbed) => {
    disturbed.figures.add('times of an AppView that refuses everything')
    await withFaults(disturbed, { appview: 1 })
  },
  async (disturbed) => {
    disturbed.figures.add('times of an AppView that leaves most people and posts out')
    await withFaults(disturbed, { appviewOmits: 0.7 })
  },
  async (disturbed) => {
    disturbed.figures.add('times of an AppView that lies about most people')
    await withFaults(disturbed, { appviewLies: 0.7 })
  },
  async (disturbed) => {
    disturbed.figures.add('times of a stream that is refused')
    disturbed.simulator.faults.drop = 1
    await withFaults(disturbed, { unavailable: true })
  },
  async (disturbed) => {
    disturbed.figures.add('times of a stream that falls silent')
    await withFaults(disturbed, { silent: true })
  },
]

async function withFaults({ simulator, random }: Disturbed, faults: Partial<Faults>): Promise<void> {
  Object.assign(simulator.faults, faults)
  await sleep(1_000 + random.below(4_000))
  Object.assign(simulator.faults, { ...GOOD, ...BAD })
}
