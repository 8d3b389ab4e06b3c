import { findForm } from './find-form.ts'
import { html, raw } from './html.ts'
import { style } from './style.ts'
import { capitalized } from './words.ts'

export type ProblemPageOptions = {
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
  LookUpUnavailable: 'The network does not answer',
  TooManyStreams: 'Not right now',
}

/** The page for an error: what happened, and how to go on. */
export function problemPage({ status, error, detail }: ProblemPageOptions): string {
  const title = HEADINGS[error] ?? (status < 500 ? 'That request is not valid' : 'Not right now')
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · bsky-rpg</title>
<meta name="robots" content="noindex">
<style>${raw(style)}</style>
</head>
<body><main>
<h1>${title}</h1>
<p class="lead">${capitalized(detail)}</p>
${findForm()}
<footer><p><a href="/">To the first page</a> · ${status}</p></footer>
</main></body></html>`
  return page.text
}
