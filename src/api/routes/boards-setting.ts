import { ProblemError } from '../problem.ts'
import type { AppSettings, TypedApp } from './route.ts'

/** Makes all routes of `app` answer that this server has no leaderboards, where its operator does not want any. */
export function serveBoards(app: TypedApp, { boards }: Pick<AppSettings, 'boards'>): void {
  if (boards === 'on') return
  app.addHook('onRequest', async () => {
    throw new ProblemError(
      404,
      'LeaderboardsOff',
      'This server has no leaderboards: its operator has turned them off (BOARDS=off).',
    )
  })
}
