import { type Html, html } from '../html.ts'

/** Tells browsers to name the origin of our own forms to us, which they otherwise keep to themselves, and to nobody else. */
export const SAME_ORIGIN = html`<meta name="referrer" content="same-origin">\n`

/** A message above what it is about, which screen readers announce. */
export function notice(kind: 'done' | 'trouble', text: string): Html {
  return html`<p class="notice ${kind}" id="${kind}" role="${kind === 'trouble' ? 'alert' : 'status'}">${text}</p>`
}

/** A form with one button that does something for the person who is signed in. */
export function action(
  path: string,
  { token, label, quiet = false }: { token: string; label: string; quiet?: boolean },
): Html {
  return html`<form action="${path}" method="post"><input type="hidden" name="token" value="${token}"><button${quiet && html` class="quiet"`}>${label}</button></form>`
}
