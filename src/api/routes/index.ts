// All routes: a new one is a file here and a line in this list. /openapi.json and /docs follow from it.
import { assetRoutes } from './assets.ts'
import { avatarRoutes } from './avatars.ts'
import { boardPageRoutes } from './boards-page.ts'
import { cardRoutes } from './cards.ts'
import { characterBatchRoutes } from './character-batch.ts'
import { characterRoutes } from './characters.ts'
import { eventRoutes } from './events.ts'
import { findRoutes } from './find.ts'
import { healthRoutes } from './health.ts'
import { homeRoutes } from './home.ts'
import { importPageRoutes } from './import-pages.ts'
import { importRoutes } from './imports.ts'
import { insightsRoutes } from './insights.ts'
import { leaderboardRoutes } from './leaderboards.ts'
import { ledgerRoutes } from './ledgers.ts'
import { levelUpRoutes } from './level-ups.ts'
import { levelRoutes } from './levels.ts'
import { meRoutes } from './me.ts'
import { metricsRoutes } from './metrics.ts'
import { periodBoardRoutes } from './period-boards.ts'
import { proofRoutes } from './proofs.ts'
import type { Routes } from './route.ts'
import { ruleRoutes } from './rules.ts'
import { sheetRoutes } from './sheets.ts'
import { signInRoutes } from './sign-in.ts'
import { statsRoutes } from './stats.ts'
import { statusPageRoutes } from './status-page.ts'
import { streamRoutes } from './stream.ts'
import { suggestRoutes } from './suggest.ts'
import { textRoutes } from './texts.ts'
import { unfurlRoutes } from './unfurl.ts'

export const builtInRoutes: readonly Routes[] = [
  characterRoutes,
  characterBatchRoutes,
  suggestRoutes,
  eventRoutes,
  insightsRoutes,
  importRoutes,
  proofRoutes,
  ledgerRoutes,
  leaderboardRoutes,
  periodBoardRoutes,
  levelRoutes,
  cardRoutes,
  avatarRoutes,
  unfurlRoutes,
  ruleRoutes,
  statsRoutes,
  streamRoutes,
  levelUpRoutes,
  healthRoutes,
  metricsRoutes,
  findRoutes,
  homeRoutes,
  sheetRoutes,
  importPageRoutes,
  signInRoutes,
  meRoutes,
  boardPageRoutes,
  statusPageRoutes,
  textRoutes,
  assetRoutes,
]
