import './style.css'
import { defineContentScript } from 'wxt/utils/define-content-script'
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
    // The extension was updated or removed: a new one would find badges that nobody looks after.
    context.onInvalidated(() => {
      stopListening()
      stop()
    })
  },
})
