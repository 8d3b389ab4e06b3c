import type { Did } from '../../../atproto/event.ts'
import type { PeriodBoards } from '../../period-boards.ts'
import { type Mutation, rowMutation } from './mutations.ts'

/** Writes what has changed on one shard's parts of the boards of periods. */
export function periodMutations(
  shard: number,
  { changed, dropped }: ReturnType<PeriodBoards<Did>['takeChanges']>,
): Mutation[] {
  const mutations = dropped.flatMap(({ kind, period }): Mutation[] => [
    ['dropPeriodBoard', shard, kind, period],
    ['dropPeriodPlaces', shard, kind, period],
  ])
  for (const { kind, period, above, places } of changed) {
    if (above !== undefined) mutations.push(rowMutation('periodBoard', { shard, kind, period, above }))
    for (const [did, earned] of places) {
      mutations.push(
        earned === undefined
          ? ['dropPeriodPlace', shard, kind, period, did]
          : rowMutation('periodPlace', { shard, kind, period, did, earned }),
      )
    }
  }
  return mutations
}
