import type { Did } from '@atcute/lexicons/syntax'
import type { Known } from '../../game/state.ts'
import type { Touched } from '../../game/touched.ts'
import type { LedgerRules, RulesState, Survey, SurveyedPerson, WantedRules } from '../rules.ts'
import { SHOWN } from '../visibility.ts'
import type { Session } from './driver/session.ts'
import { numberOf } from './driver/values.ts'
import type { RuleVersions } from './rows/rule-versions.ts'
import { People } from './writing/people.ts'
import { readVisits } from './writing/visits.ts'

export class CqlRules implements LedgerRules {
  readonly #session: Session
  readonly #versions: RuleVersions

  constructor(session: Session, versions: RuleVersions) {
    this.#session = session
    this.#versions = versions
  }

  state(): Promise<RulesState> {
    return this.#versions.state()
  }

  leave(rules: WantedRules): Promise<void> {
    return this.#versions.leave(rules)
  }

  async survey(): Promise<Survey> {
    return new CqlSurvey(this.#session)
  }
}

/** Looks at everybody as they are when they are read: there is no snapshot of a cluster. */
class CqlSurvey implements Survey {
  readonly #session: Session
  readonly #people: People

  constructor(session: Session) {
    this.#session = session
    this.#people = new People(session, { owns: () => false, isMoved: () => true, findDays: () => undefined })
  }

  async people(after: Did | undefined, limit: number): Promise<SurveyedPerson[]> {
    const rows = await readVisits(this.#session, after, limit)
    return rows.map(({ visit, row }) => ({
      ...visit,
      experience: numberOf(row.experience),
      isShown: numberOf(row.standing) === SHOWN,
    }))
  }

  async load(touched: Touched): Promise<Known> {
    return (await this.#people.load(touched)).known
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
