import { type Html, html } from './html.ts'
import { sheetPath } from './person.ts'

export type ImportFormOptions = {
  /** A DID or handle. */
  name: string
  label: string
  quiet?: boolean
}

/** The path of the page that says how far the import of `name` is. Its forms send to it, and below it. */
export function importAddress(name: string): string {
  return `${sheetPath(name)}/import`
}

/** A button that has somebody's whole history counted. Its page needs `SAME_ORIGIN` in its head. */
export function importForm({ name, label, quiet = false }: ImportFormOptions): Html {
  return html`<form action="${importAddress(name)}" method="post"><button${quiet && html` class="quiet"`}>${label}</button></form>`
}
