import { type Html, html } from './html.ts'

export type FindFormOptions = {
  /** Unique in its page. */
  id: string
  label: string
  placeholder: string
  /** The button's text; without one, Enter sends the form. */
  button: string | undefined
}

/** The form that leads to somebody's character. `assets/suggest.js` adds suggestions. */
export function findForm({ id, label, placeholder, button }: FindFormOptions): Html {
  return html`<form class="find" action="/find" method="get" role="search">
<input name="actor" required maxlength="300" aria-label="${label}" placeholder="${placeholder}" autocapitalize="none" autocomplete="off" autocorrect="off" spellcheck="false" enterkeyhint="search" data-suggestions="${id}-list">
${button === undefined ? html`<button class="hidden" tabindex="-1">Look up</button>` : html`<button>${button}</button>`}
<ul class="suggestions" id="${id}-list" role="listbox" aria-label="Suggestions" hidden></ul>
</form>`
}

/** The same form in the middle of a page. */
export function largeFindForm(): Html {
  return findForm({
    id: 'ask',
    label: 'Your handle, a DID or a link to a profile',
    placeholder: 'your handle, e.g. alice.example',
    button: 'Look up',
  })
}
