// What the browser is told that https://bsky.app is: the page of its shapes, with people of the test's choice.

export type PagePerson = {
  handle: string
  name: string
  /** What links name instead of the handle. */
  address?: string
}

export type PageOptions = {
  people: readonly PagePerson[]
  /** How many of them are there at first; all by default. */
  count?: number
  theme?: 'light' | 'dim' | 'dark'
  /** Who is signed in. */
  own?: string
  composer?: object
  /** Posts without quotes, reposts and replies. */
  plain?: boolean
  /** The site; bsky.app by default. */
  host?: string
}

/** As strict as the page's own styles permit: it can connect to nobody, and load nothing from elsewhere. */
export const CSP = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'"

export const SCRIPT = '/app.js'

export function pageOf({
  people,
  count = people.length,
  theme = 'light',
  own,
  composer,
  plain = false,
}: PageOptions): string {
  const reposter = { handle: 'reposter.test', name: 'Rita Reposter' }
  const data = JSON.stringify({ people, count, theme, own, composer, plain, reposter }).replaceAll(
    '<',
    '\\u003c',
  )
  return `<!doctype html><html lang="en" class="theme--${theme}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Bluesky</title>
<style>body{margin:0;font-family:Inter,system-ui,sans-serif}</style></head>
<body><div id="root"></div><script type="application/json" id="people">${data}</script>
<script type="module" src="${SCRIPT}"></script></body></html>`
}
