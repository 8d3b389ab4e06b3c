import { html, raw } from './html.ts'
import { style } from './style.ts'

export type ProblemPageOptions = {
  /** The HTTP status. */
  status: number
  /** The problem's stable name. */
  error: string
  /** What happened, to what, and what to do. */
  detail: string
}

/** Headings by the problem's name; others are our fault, and say "not right now". */
const HEADINGS: Readonly<Record<string, string>> = {
  InvalidActor: 'That is not a name',
  UnknownCharacter: 'Nobody here by that name',
  UnknownCursor: 'Nothing here',
  NotFound: 'Nothing here',
  RateLimitExceeded: 'Slowly, please',
  LookUpUnavailable: 'The network does not answer',
  InvalidRequest: 'That request is not valid',
}

/** The page for an error: what happened, and how to go on. */
export function problemPage({ status, error, detail }: ProblemPageOptions): string {
  const title = HEADINGS[error] ?? 'Not right now'
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
<p class="lead">${detail.charAt(0).toUpperCase()}${detail.slice(1)}</p>
<form action="/find" method="get">
<input name="actor" required maxlength="300" aria-label="handle, DID or link to a profile" placeholder="alice.example or did:plc:…" autocapitalize="none" autocorrect="off" spellcheck="false">
<button>Show character</button>
</form>
<footer><p><a href="/">To the first page</a> · ${status}</p></footer>
</main></body></html>`
  return page.text
}
