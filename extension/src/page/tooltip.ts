// What a badge stands for, in a small box: when the pointer rests on it, or the focus comes to the name beside it.
import { i18n } from '#i18n'
import type { Character } from '../client/character.ts'
import { el, OURS } from '../ui/element.ts'
import { count, plain } from '../ui/format.ts'

const BADGE = '.bsky-rpg-badge'
/** How long the pointer rests before, and may be away on its way to the box. */
const SHOW_MS = 250
const HIDE_MS = 200
const GAP_PX = 6

export class Tooltip {
  readonly #characterOf: (leaf: Element) => Character | undefined
  readonly #listening = new AbortController()
  #box: HTMLElement | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(characterOf: (leaf: Element) => Character | undefined) {
    this.#characterOf = characterOf
    const { signal } = this.#listening
    const on = <K extends keyof DocumentEventMap>(
      name: K,
      then: (event: DocumentEventMap[K]) => void,
    ): void => document.addEventListener(name, then, { signal, passive: true, capture: true })
    on('pointerover', ({ target, pointerType }) => {
      // A touch is a tap on what lies there, and no question.
      if (pointerType === 'touch' || !(target instanceof Element)) return
      const leaf = target.closest(BADGE)
      if (leaf !== null) this.#after(SHOW_MS, () => this.#show(leaf))
      else if (this.#box?.contains(target)) clearTimeout(this.#timer)
      else this.#after(HIDE_MS, () => this.#hide())
    })
    on('focusin', ({ target }) => {
      const leaf = target instanceof Element && target.matches(':focus-visible') ? badgeBeside(target) : null
      if (leaf === null) this.#hide()
      else this.#show(leaf)
    })
    on('focusout', () => this.#hide())
    on('scroll', () => this.#hide())
    on('keydown', ({ key }) => key === 'Escape' && this.#hide())
  }

  stop(): void {
    this.#listening.abort()
    this.#hide()
  }

  #after(ms: number, then: () => void): void {
    clearTimeout(this.#timer)
    if (ms === HIDE_MS && this.#box === undefined) return
    this.#timer = setTimeout(then, ms)
  }

  #show(leaf: Element): void {
    clearTimeout(this.#timer)
    const character = this.#characterOf(leaf)
    if (character === undefined || !leaf.isConnected) return
    this.#hide()
    const box = boxOf(character)
    this.#box = box
    document.body.append(box)
    // In the top layer, where no dialog of the page covers it.
    box.showPopover()
    place(box, leaf.getBoundingClientRect())
  }

  #hide(): void {
    clearTimeout(this.#timer)
    this.#box?.remove()
    this.#box = undefined
  }
}

/** The badge after the focused name, or the first one in a focused card. */
function badgeBeside(focused: Element): Element | null {
  const next = focused.nextElementSibling
  if (next?.matches(BADGE)) return next
  // A whole post has several names: the focus on it asks about none of them.
  return focused.matches('[data-testid^="feedItem-by-"], [data-testid^="postThreadItem-by-"]')
    ? null
    : focused.querySelector(BADGE)
}

function boxOf({ level, title, experience, missing, rank, progress, tier }: Character): HTMLElement {
  const bar = el('span', { class: 'bsky-rpg-bar', 'aria-hidden': 'true' }, el('i'))
  bar.style.setProperty('--progress', `${progress}%`)
  return el(
    'div',
    { class: `${OURS} bsky-rpg-tooltip`, role: 'tooltip', popover: 'manual', 'data-tier': tier },
    el('b', {}, i18n.t('badge.label', [count(level), plain(title)])),
    bar,
    el('span', {}, experienceLine(experience, missing, level)),
    rank !== null && el('span', {}, i18n.t('character.rank', [count(rank.position), count(rank.of)])),
    el('small', {}, i18n.t('badge.source')),
  )
}

function experienceLine(experience: number, missing: number, level: number): string {
  const xp = i18n.t('character.experience', [count(experience)])
  return missing === 0 ? xp : `${xp} · ${i18n.t('character.missing', [count(missing), count(level + 1)])}`
}

function place(box: HTMLElement, around: DOMRect): void {
  const { width, height } = box.getBoundingClientRect()
  const above = around.top - height - GAP_PX
  const left = Math.min(around.left, document.documentElement.clientWidth - width - GAP_PX)
  box.style.left = `${Math.max(GAP_PX, left)}px`
  box.style.top = `${above >= 0 ? above : around.bottom + GAP_PX}px`
}
