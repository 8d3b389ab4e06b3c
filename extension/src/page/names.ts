// Where names of people stand on the page. No class name of the app is stable, so names are found by what they are: links to
// profiles, how they lie in each other, and the app's test ids. Nothing here asks for layout, which would cost time on every row.
import { actorIn, actorOfPath } from '../actor.ts'

/** A name on the page: a badge for `actor` goes right after `element`. `text` is the running text that the name is a part of. */
export type Name = { element: Element; actor: string; text: Element | undefined }

const LINKS = 'a[href^="/profile/"]'
/** Texts by people, in which a name is a mention; the composer, where people write; the app's own menus. */
const ELSEWHERE =
  '[data-testid="postText"], [data-testid="profileHeaderDescription"], [data-testid="composePostView"], nav, [role="navigation"], [role="tablist"], .bsky-rpg'
const ITEM = '[data-testid^="feedItem-by-"]'
const HEADER_NAME = '[data-testid="profileHeaderDisplayName"]'
const QUOTED = '[role="link"]:not(a)'
const TEXT = 'div[dir="auto"]'

/** The names in `root`, itself included. */
export function* namesIn(root: Element): Generator<Name> {
  for (const link of all(root, LINKS)) {
    const name = nameOfLink(link)
    if (name !== undefined) yield name
  }
  for (const text of all(root, TEXT)) {
    const name = quotedName(text)
    if (name !== undefined) yield name
  }
  for (const heading of all(root, HEADER_NAME)) {
    const name = headerName(heading)
    if (name !== undefined) yield name
  }
}

/** What has to be looked at again after a change in `element`: the link, quote or row that it is a part of; `null` if none. */
export function scopeOf(element: Element): Element | null {
  return element.closest(`${LINKS}, ${QUOTED}, ${ITEM}`)
}

function* all(root: Element, selector: string): Generator<Element> {
  if (root.matches(selector)) yield root
  yield* root.querySelectorAll(selector)
}

function nameOfLink(link: Element): Name | undefined {
  const href = link.getAttribute('href')
  const actor = actorOfPath(href)
  if (actor === undefined || link.closest(ELSEWHERE) !== null) return undefined
  // Cards, and the first post of a thread: one link around everything, with the handle below the name.
  const block = nameInBlock(link)
  if (block !== undefined) return { element: block, actor, text: undefined }
  const text = textOf(link)
  // Pictures have no text; handles and mentions begin with @.
  if (text === '' || isHandle(text)) return undefined
  if (isFollowedByHandle(link, href)) return { element: link, actor, text: undefined }
  const running = notificationAround(link)
  return running && { element: link, actor, text: running }
}

/** Post, feed and search rows: the name's link, perhaps marks, and a second link of the same address with the handle. */
function isFollowedByHandle(link: Element, href: string | null): boolean {
  for (let next = link.nextElementSibling; next !== null; next = next.nextElementSibling) {
    if (next.matches(LINKS)) return next.getAttribute('href') === href && isHandle(textOf(next))
  }
  return false
}

/** The text of a notification whose `link` names who did something: running text, in an item that is not a post of its own. */
function notificationAround(link: Element): Element | undefined {
  const item = link.closest(ITEM)
  const running = link.parentElement?.closest(TEXT)
  return item === null || running == null || hasPost(item) ? undefined : running
}

/** Whether a row with a name and a handle is in `item`: then links in running text are others than the author. */
function hasPost(item: Element): boolean {
  for (const link of item.querySelectorAll(`${LINKS} ~ ${LINKS}`)) if (isHandle(textOf(link))) return true
  return false
}

function nameInBlock(link: Element): Element | undefined {
  const texts = link.querySelectorAll(TEXT)
  if (texts.length < 2) return undefined
  const handle = [...texts].findIndex((text) => isHandle(textOf(text)))
  // The name is the last text before the handle that says anything; an avatar's initial would come before it.
  for (let at = handle - 1; at >= 0; at--) {
    const text = texts[at]
    if (text !== undefined && textOf(text) !== '') return text
  }
  return undefined
}

/** Quoted posts have no link around their author: only their row, in which a no-break space and the handle follow the name. */
function quotedName(text: Element): Name | undefined {
  const content = text.textContent ?? ''
  if (!/^\u00a0?[\u2066\u202a]?\u00a0?@/.test(content) || !content.includes('\u00a0')) return undefined
  const card = text.closest(QUOTED)
  const row = text.parentElement
  const first = row?.firstElementChild ?? null
  if (card === null || first === null || first === text || !first.matches(TEXT)) return undefined
  if (text.closest(`${LINKS}, ${ELSEWHERE}`) !== null) return undefined
  const actor = actorIn(content)
  return actor === undefined ? undefined : { element: first, actor, text: undefined }
}

/** The header of a profile: the handle's row below the name, since the name itself wraps. */
function headerName(heading: Element): Name | undefined {
  if (heading.closest('[aria-hidden="true"]') !== null) return undefined
  const row = heading.parentElement?.nextElementSibling
  if (row == null) return undefined
  const handle = [...row.children].findLast((child) => isHandle(textOf(child)))
  const actor = handle && actorIn(textOf(handle))
  return handle === undefined || actor === undefined ? undefined : { element: handle, actor, text: undefined }
}

function textOf(element: Element): string {
  return (element.textContent ?? '').trim()
}

function isHandle(text: string): boolean {
  return /^[\u2066\u202a\u200e]?@/.test(text)
}
