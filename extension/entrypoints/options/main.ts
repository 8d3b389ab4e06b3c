// The settings; on the first start also the welcome.

import { browser } from 'wxt/browser'
import { i18n } from '#i18n'
import { privacyCard, selfCard, sitesCard } from '../../src/options/other-cards.ts'
import { partsCard } from '../../src/options/parts-card.ts'
import { serverCard } from '../../src/options/server-card.ts'
import { toldSelf } from '../../src/own-account.ts'
import { onSettings, readSettings } from '../../src/settings.ts'
import { el } from '../../src/ui/element.ts'

const main = document.querySelector('#options') ?? document.body
document.documentElement.lang = browser.i18n.getUILanguage()
document.title = i18n.t('options.title')

const settings = await readSettings()
let privacy = privacyCard(settings)
main.append(
  el('h1', {}, i18n.t('options.title')),
  ...(settings.server === '' ? [el('p', {}, i18n.t('options.welcome'))] : []),
  serverCard(settings.server),
  partsCard(settings),
  selfCard(settings, await toldSelf()),
  await sitesCard(),
  privacy,
)
// It names the server that is in use.
onSettings((changed) => {
  const now = privacyCard(changed)
  privacy.replaceWith(now)
  privacy = now
})
