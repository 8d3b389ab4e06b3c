import { aboutPage } from '../../web/about-page.ts'
import { altTextPage } from '../../web/alt-text-page.ts'
import { rulesPage } from '../../web/rules-page.ts'
import { sendPage } from '../pages.ts'
import type { Routes } from './route.ts'

/** Pages that change only with the program, its settings and the rules. */
export const textRoutes: Routes = (app, { rules }) => {
  const { site } = app
  const pages = [
    ['/rules', () => rulesPage({ site, rules, move: rules.state.move })],
    ['/about', () => aboutPage({ site, rules })],
    ['/help/alt-text', () => altTextPage({ site, rules })],
  ] as const
  for (const [path, page] of pages) {
    let made = { mark: '', text: '' }
    const text = (): string => {
      const mark = JSON.stringify([rules.mark, rules.state.move])
      if (mark !== made.mark) made = { mark, text: page() }
      return made.text
    }
    app.get(path, { schema: { hide: true } }, (_request, reply) =>
      sendPage(reply.header('cache-control', 'public, max-age=60'), text()),
    )
  }
}
