// One quiet line in one's own composer while media lacks a description: what it gives to others first, the XP second. It stands
// beside the app's own notice and never in its place, and neither posts, changes nor blocks anything.
import { i18n } from '#i18n'
import { ask } from '../messages.ts'
import { el, OURS } from '../ui/element.ts'
import { signed } from '../ui/format.ts'

const COMPOSER = '[data-testid="composePostView"]'
const PHOTOS = '[data-testid="selectedPhotosView"]'
const ALT_BUTTON = '[data-testid="altTextButton"]'
const LINE = 'bsky-rpg-coach'
/** How the app's icon for "done" begins to be drawn. Where it looks otherwise, the line stays: it only reminds. */
const DONE_ICON = 'path[d^="M21.59 3.193"], [data-icon="check"]'

type Media = 'pictures' | 'gif' | 'video'

export class Coach {
  readonly #server: string
  /** Lines by what they are about. */
  readonly #lines = new Map<Element, HTMLElement>()
  #bonus: Promise<number | undefined> | undefined

  constructor(server: string) {
    this.#server = server
  }

  /** Looks at the composers that are there now. */
  settled(): void {
    const due = new Map<Element, { media: Media; after: Element }>()
    for (const composer of document.querySelectorAll(COMPOSER)) {
      for (const [subject, media, after] of lacking(composer)) due.set(subject, { media, after })
    }
    for (const [subject, line] of this.#lines) {
      if (due.has(subject)) continue
      line.remove()
      this.#lines.delete(subject)
    }
    for (const [subject, { media, after }] of due) {
      const line = this.#lines.get(subject) ?? this.#line(media)
      this.#lines.set(subject, line)
      if (line.previousElementSibling !== after) after.after(line)
    }
  }

  stop(): void {
    for (const line of this.#lines.values()) line.remove()
    this.#lines.clear()
  }

  #line(media: Media): HTMLElement {
    const bonus = el('b', {})
    void this.#describedBonus().then((xp) => {
      if (xp !== undefined && xp > 0) bonus.textContent = ` ${i18n.t('coach.bonus', [signed(xp)])}`
    })
    return el(
      'div',
      { class: `${OURS} ${LINE}`, role: 'note', 'aria-label': i18n.t('coach.label') },
      el('p', {}, thanks(media), bonus),
      help(this.#server),
    )
  }

  /** What a description adds by the rules of the server; `undefined` where they cannot be read. */
  #describedBonus(): Promise<number | undefined> {
    this.#bonus ??= ask('rules', {}).then((rules) => {
      if (rules?.kind !== 'ok') return undefined
      const { 'post.alt': described, 'post.media': bare } = rules.value.points
      return described === undefined || bare === undefined ? undefined : described - bare
    })
    return this.#bonus
  }
}

/** Media in `composer` without a description: what it is about, and the element that the line comes after. */
function* lacking(composer: Element): Generator<[subject: Element, media: Media, after: Element]> {
  for (const photos of composer.querySelectorAll(PHOTOS)) {
    // The app's own notice follows exactly while some picture lacks its description.
    const notice = photos.nextElementSibling
    if (notice !== null && !notice.classList.contains(LINE)) yield [photos, 'pictures', notice]
  }
  for (const button of composer.querySelectorAll(ALT_BUTTON)) {
    if (button.closest(PHOTOS) !== null || button.querySelector(DONE_ICON) !== null) continue
    const notice = button.nextElementSibling
    yield [button, 'gif', notice === null || notice.classList.contains(LINE) ? button : notice]
  }
  const video = composer.querySelector('video')
  if (video !== null && composer.querySelector(ALT_BUTTON) === null) {
    const last = composer.lastElementChild
    const after = last?.classList.contains(LINE) ? last.previousElementSibling : last
    if (after != null) yield [video, 'video', after]
  }
}

function thanks(media: Media): string {
  switch (media) {
    case 'pictures':
      return i18n.t('coach.pictures')
    case 'gif':
      return i18n.t('coach.gif')
    case 'video':
      return i18n.t('coach.video')
  }
}

function help(server: string): HTMLElement {
  return el(
    'details',
    {},
    el('summary', {}, i18n.t('coach.how')),
    el(
      'ul',
      {},
      el('li', {}, i18n.t('coach.tipWhat')),
      el('li', {}, i18n.t('coach.tipText')),
      el('li', {}, i18n.t('coach.tipShort')),
    ),
    el(
      'a',
      { href: `${server}/help/alt-text`, target: '_blank', rel: 'noopener noreferrer' },
      i18n.t('coach.examples'),
    ),
  )
}
