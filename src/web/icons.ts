// Line drawings, 24 by 24, in the colour of the text around them. Decorative: words stand beside each.
import { type Html, html, raw } from './html.ts'

const DRAWINGS = {
  post: '<path d="M4 20l1-5L16.5 3.5a2.1 2.1 0 0 1 3 0l1 1a2.1 2.1 0 0 1 0 3L9 19z"/><path d="M14 6l4 4"/>',
  media:
    '<rect x="3" y="4" width="18" height="16" rx="2.5"/><circle cx="8.5" cy="9.5" r="1.6"/><path d="M4 18l5-5 3.5 3.5L16 13l4.5 4.5"/>',
  alt: '<rect x="3" y="4" width="18" height="12" rx="2.5"/><circle cx="8.5" cy="8.5" r="1.3"/><path d="M4 14.5l4-3.5 3 2.5 3.5-3 6 4.5"/><path d="M6 20h12"/>',
  repost:
    '<path d="M17 2.5l4 4-4 4"/><path d="M3 12V9.5a3 3 0 0 1 3-3h15"/><path d="M7 21.5l-4-4 4-4"/><path d="M21 12v2.5a3 3 0 0 1-3 3H3"/>',
  like: '<path d="M12 20.5S3.5 15.6 3.5 9.3A4.6 4.6 0 0 1 12 6.8a4.6 4.6 0 0 1 8.5 2.5c0 6.3-8.5 11.2-8.5 11.2z"/>',
  back: '<path d="M6 6l12 12M18 6L6 18"/>',
  rules: '<path d="M5 4h11l3 3v13H5z"/><path d="M9 11h6M9 15h6"/>',
  flame:
    '<path d="M12 3c1 4 5.5 5.5 5.5 10.5A5.5 5.5 0 0 1 12 19a5.5 5.5 0 0 1-5.5-5.5c0-2.5 1.5-4 2.5-5 .5 2 1.5 2.5 2 2.5C11.5 8 11 6 12 3z"/><path d="M8 22h8"/>',
  peak: '<path d="M2.5 19.5 9 8l4 6.5 2.5-4 6 9z"/><path d="M9 8V3.5l4 1.5-4 1.5"/>',
  clock: '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>',
  other: '<circle cx="12" cy="12" r="3.5"/>',
} as const

export type IconName = keyof typeof DRAWINGS

export function icon(name: IconName): Html {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${raw(DRAWINGS[name])}</svg>`
}
