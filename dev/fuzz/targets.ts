// What `npm run fuzz` can try. Each is imported when it is asked for, since some start servers.
import type { IRawProperty } from 'fast-check'

export type Target = {
  property: IRawProperty<unknown>
  /** What holds of so many cases, for the last line. */
  promise: string
  /** Reports the case as it was found, where smaller ones would take too long to look for. @default false */
  endOnFailure?: boolean
}

export const TARGETS: Readonly<Record<string, () => Promise<Target>>> = {
  ledgers: async () => {
    const { showsWhatTheModelHas } = await import('../../test/model/property.ts')
    const { sqlitePlace } = await import('../../test/model/sqlite-place.ts')
    return { property: showsWhatTheModelHas(sqlitePlace), promise: 'ledgers were as the model has them' }
  },
  clusters: async () => {
    const { showsWhatTheModelHas } = await import('../../test/model/property.ts')
    const { cqlPlace } = await import('../../test/model/cql-place.ts')
    return {
      property: showsWhatTheModelHas(cqlPlace),
      promise: 'ledgers on clusters were as the model has them',
    }
  },
  handover: async () => {
    const { skipsNothing } = await import('../../test/store/cql/handover.ts')
    return { property: skipsNothing, promise: 'hand-overs skipped nothing', endOnFailure: true }
  },
  frames: async () => {
    const { frames } = await import('../../test/fuzz/frames.ts')
    return { property: frames, promise: 'streams of hostile frames harmed no good ones' }
  },
  repositories: async () => {
    const { repositories } = await import('../../test/fuzz/repositories.ts')
    return { property: repositories, promise: 'repositories were refused with a reason or counted exactly' }
  },
  routes: async () => {
    const { hostileServer } = await import('../../test/fuzz/hostile-server.ts')
    const { routesAnswer } = await import('../../test/fuzz/routes.ts')
    // Ends with the process.
    return {
      property: routesAnswer(await hostileServer()),
      promise: 'requests were answered as they should be',
    }
  },
}
