// Pages made on the server. Text is escaped unless it is Html already, so names that strangers choose cannot inject markup.

/** Markup that is safe to send as it is. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A value in a template: text is escaped, lists are joined, null, undefined and false render nothing. */
export type Part = Html | string | number | undefined | null | false | readonly Part[]

/** Tag of templates. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  let text = strings[0] ?? ''
  for (const [index, part] of parts.entries()) text += render(part) + (strings[index + 1] ?? '')
  return new Html(text)
}

/** Marks text of this program's own as markup: the only way around escaping. */
export function raw(markup: string): Html {
  return new Html(markup)
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function render(part: Part): string {
  if (part instanceof Html) return part.text
  if (part === undefined || part === null || part === false) return ''
  if (typeof part === 'string') return part.replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? sign)
  if (typeof part === 'number') return String(part)
  return part.map(render).join('')
}
