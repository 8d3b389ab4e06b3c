import { largeFindForm } from './find-form.ts'
import { html } from './html.ts'
import { layout, type Site } from './layout.ts'
import { capitalized } from './words.ts'

export type ProblemPageOptions = {
  site: Site
  /** The HTTP status. */
  status: number
  /** The problem's stable name. */
  error: string
  /** What happened, to what, and what to do. */
  detail: string
}

/** Headings by the problem's name; for others the status decides. */
const HEADINGS: Readonly<Record<string, string>> = {
  InvalidActor: 'That is not a name',
  UnknownCharacter: 'Nobody here by that name',
  UnknownCursor: 'Nothing here',
  NotFound: 'Nothing here',
  RateLimitExceeded: 'Slowly, please',
  TooManyImports: 'Slowly, please',
  LookUpUnavailable: 'The network does not answer',
  TooManyStreams: 'Not right now',
}

/** The page for an error: what happened, and how to go on. */
export function problemPage({ site, status, error, detail }: ProblemPageOptions): string {
  const title = HEADINGS[error] ?? (status < 500 ? 'That request is not valid' : 'Not right now')
  return layout({
    site,
    title: `${title} · bsky-rpg`,
    path: '',
    styles: ['prose.css'],
    findInHeader: false,
    main: html`<div class="prose">
<h1>${title}</h1>
<p class="lead">${capitalized(detail)}</p>
${largeFindForm()}
<p><a href="/">To the first page</a> <span class="soft">· ${status}</span></p>
</div>`,
  })
}
