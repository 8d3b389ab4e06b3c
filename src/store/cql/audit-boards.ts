import type { Did } from '../../atproto/event.ts'
import type { DayTally } from '../../game/days.ts'
import { standingsOf } from '../../game/decide/standings.ts'
import type { ActorState } from '../../game/state.ts'
import type { Finding } from '../auditor.ts'
import { PeriodBoardAudit } from '../period-board-audit.ts'
import { NOBODY_LEFT_OUT } from '../top.ts'
import { SHOWN, visibilityOf } from '../visibility.ts'
import { XpBoardAudit } from '../xp-audit.ts'
import type { Session } from './driver/session.ts'
import { numberOf } from './driver/values.ts'
import { readPeriodBoards } from './reading/period-boards.ts'
import { shardOf } from './rows/buckets.ts'

type ShardAudit = { board: XpBoardAudit<Did>; periods: PeriodBoardAudit<Did> }

/** The boards of all shards as they were read, to be compared with people. */
export class BoardsAudit {
  readonly #shards: readonly ShardAudit[]

  private constructor(shards: readonly ShardAudit[]) {
    this.#shards = shards
  }

  static async read(session: Session, shards: number): Promise<BoardsAudit> {
    const each = Array.from({ length: shards }, async (_, shard): Promise<ShardAudit> => {
      const [board, periods] = await Promise.all([
        readXpBoard(session, shard),
        readPeriodBoards(session, shard),
      ])
      return { board, periods: new PeriodBoardAudit(periods) }
    })
    return new BoardsAudit(await Promise.all(each))
  }

  /** See `XpBoardAudit.strays`. */
  get strays(): number {
    return this.#shards.reduce((sum, { board }) => sum + board.strays, 0)
  }

  /** See `PeriodBoardAudit.strays`. */
  get periodStrays(): number {
    return this.#shards.reduce((sum, { periods }) => sum + periods.strays, 0)
  }

  /** The difference between a person's XP and the leaderboard. */
  difference(actor: ActorState): Omit<Finding, 'did'> | undefined {
    const shown = visibilityOf(actor) === SHOWN ? actor.experience : undefined
    return this.#of(actor.did)?.board.difference(actor.did, shown)
  }

  /** Differences between a person's days, the running one included, and the boards of periods. */
  periodDifferences(actor: ActorState, days: readonly DayTally[]): Omit<Finding, 'did'>[] {
    const standings = visibilityOf(actor) === SHOWN ? standingsOf(days) : []
    return this.#of(actor.did)?.periods.differences(actor.did, standings) ?? []
  }

  #of(did: Did): ShardAudit | undefined {
    return this.#shards[shardOf(did, this.#shards.length)]
  }
}

async function readXpBoard(session: Session, shard: number): Promise<XpBoardAudit<Did>> {
  const [[totals], board] = await Promise.all([
    session.readForDecision('SELECT board_above FROM books WHERE shard = ?', [shard]),
    session.readForDecision('SELECT did, experience FROM board WHERE shard = ?', [shard]),
  ])
  return new XpBoardAudit({
    above: numberOf(totals?.board_above ?? NOBODY_LEFT_OUT),
    places: board.map(({ did, experience }): [Did, number] => [did as Did, numberOf(experience)]),
  })
}
