import { browser } from 'wxt/browser'
import { defineBackground } from 'wxt/utils/define-background'
import { Answers } from '../src/background/answers.ts'
import { leavePages, registerForks } from '../src/background/forks.ts'
import type { Message } from '../src/messages.ts'
import { mayAsk } from '../src/permissions.ts'

export default defineBackground({
  type: 'module',
  main() {
    const answers = new Answers()
    browser.runtime.onMessage.addListener((message: Message, sender, respond) => {
      if (sender.id !== browser.runtime.id) return false
      const answered = async (): Promise<unknown> =>
        (await mayAsk(sender)) ? answers.answer(message) : undefined
      answered().then(respond, () => respond(undefined))
      // The answer comes later.
      return true
    })
    browser.runtime.onInstalled.addListener(({ reason }) => {
      void registerForks()
      // Nothing works before a server is chosen.
      if (reason === 'install') void browser.runtime.openOptionsPage()
    })
    browser.permissions.onAdded.addListener(() => void registerForks())
    browser.permissions.onRemoved.addListener(({ origins = [] }) => {
      void registerForks()
      void leavePages(origins)
    })
  },
})
