import type { Did } from '../../atproto/event.ts'
import type { DayTally } from '../../game/days.ts'
import { standingsOf } from '../../game/decide/standings.ts'
import type { ActorState } from '../../game/state.ts'
import type { Finding } from '../auditor.ts'
import { PeriodBoardAudit } from '../period-board-audit.ts'
import { SHOWN, visibilityOf } from '../visibility.ts'
import type { Session } from './driver/session.ts'
import { readPeriodBoards } from './reading/period-boards.ts'
import { shardOf } from './rows/buckets.ts'

/** The boards of all shards as they were read, to be compared with people. */
export class BoardsAudit {
  readonly #audits: readonly PeriodBoardAudit<Did>[]

  private constructor(audits: readonly PeriodBoardAudit<Did>[]) {
    this.#audits = audits
  }

  static async read(session: Session, shards: number): Promise<BoardsAudit> {
    const boards = Array.from({ length: shards }, (_, shard) => readPeriodBoards(session, shard))
    return new BoardsAudit((await Promise.all(boards)).map((each) => new PeriodBoardAudit(each)))
  }

  /** See `PeriodBoardAudit.strays`. */
  get strays(): number {
    return this.#audits.reduce((sum, { strays }) => sum + strays, 0)
  }

  /** Differences between a person's days, the running one included, and the boards. */
  differences(actor: ActorState, days: readonly DayTally[]): Omit<Finding, 'did'>[] {
    const standings = visibilityOf(actor) === SHOWN ? standingsOf(days) : []
    return this.#audits[shardOf(actor.did, this.#audits.length)]?.differences(actor.did, standings) ?? []
  }
}
