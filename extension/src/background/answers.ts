// Answers what pages ask, by the server that the person has chosen.
import { browser } from 'wxt/browser'
import type { Message } from '../messages.ts'
import { readSettings } from '../settings.ts'
import { Services } from './service.ts'

/** No server is chosen yet; the question may come again. */
const NONE = { kind: 'failed', why: 'no server is chosen' } as const
const LATER_MS = 60_000

export class Answers {
  readonly #services = new Services(browser.storage.session, (url, init) => fetch(url, init))

  async answer(message: Message): Promise<unknown> {
    if (message.kind === 'openSettings') {
      await browser.runtime.openOptionsPage()
      return null
    }
    const { server: address } = await readSettings()
    if (address === '') {
      if (message.kind !== 'characters') return NONE
      return message.actors.map(() => ({ kind: 'later', retryMs: LATER_MS }))
    }
    const { server, lookups } = await this.#services.at(address)
    switch (message.kind) {
      case 'characters':
        return lookups.find(message.actors)
      case 'insights':
        return server.insights(message.actor)
      case 'events':
        return server.events(message.actor, {
          type: message.type ?? undefined,
          cursor: message.cursor ?? undefined,
        })
      case 'rules':
        return server.rules()
      case 'levelUps': {
        const at = Date.now()
        const levelUps = await server.levelUps()
        // Else a page that has shown a new level would soon be told the one before it.
        if (levelUps.kind === 'ok')
          lookups.noteSeen(
            levelUps.value.map(({ character }) => character),
            at,
          )
        return levelUps
      }
    }
  }
}
