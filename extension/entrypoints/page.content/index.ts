import './style.css'
import { browser } from 'wxt/browser'
import { defineContentScript } from 'wxt/utils/define-content-script'
import { patternOf } from '../../src/client/server-address.ts'
import type { Notice } from '../../src/messages.ts'
import { startParts } from '../../src/page/parts.ts'
import { onSettings, readSettings } from '../../src/settings.ts'

export default defineContentScript({
  matches: ['https://bsky.app/*'],
  runAt: 'document_idle',
  async main(context) {
    let stop = startParts(await readSettings())
    const stopListening = onSettings((settings) => {
      stop()
      stop = startParts(settings)
    })
    const end = (): void => {
      stopListening()
      stop()
    }
    // The extension was updated or removed: a new one would find badges that nobody looks after.
    context.onInvalidated(end)
    browser.runtime.onMessage.addListener(({ kind, sites }: Notice) => {
      if (kind === 'unpermitted' && sites.includes(patternOf(location.origin))) end()
    })
  },
})
