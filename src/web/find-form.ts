import { type Html, html } from './html.ts'

/** The form that leads to somebody's character. */
export function findForm(): Html {
  return html`<form action="/find" method="get">
<input name="actor" required maxlength="300" aria-label="handle, DID or link to a profile" placeholder="alice.example or did:plc:…" autocapitalize="none" autocorrect="off" spellcheck="false">
<button>Show character</button>
</form>`
}
