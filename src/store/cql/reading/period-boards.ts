import type { Did } from '../../../atproto/event.ts'
import type { BoardKind } from '../../../game/boards.ts'
import type { StoredBoard } from '../../period-boards.ts'
import type { Row } from '../driver/paging.ts'
import type { Session } from '../driver/session.ts'
import { numberOf } from '../driver/values.ts'

/** Reads one shard's parts of all boards of periods. */
export async function readPeriodBoards(session: Session, shard: number): Promise<StoredBoard<Did>[]> {
  const [boards, places] = await Promise.all([
    session.readForDecision('SELECT kind, period, above FROM period_boards WHERE shard = ?', [shard]),
    session.readForDecision('SELECT kind, period, did, earned FROM period_places WHERE shard = ?', [shard]),
  ])
  const byBoard = Map.groupBy(places, ({ kind, period }) => `${kind} ${period}`)
  return boards.map(({ kind, period, above }) => ({
    kind: kind as BoardKind,
    period: numberOf(period),
    above: numberOf(above),
    places: (byBoard.get(`${kind} ${period}`) ?? []).map(placeOf),
  }))
}

function placeOf({ did, earned }: Row): [Did, number] {
  return [did as Did, numberOf(earned)]
}
