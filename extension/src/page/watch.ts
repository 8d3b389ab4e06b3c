// What changes on the page, gathered and handed on in slices, so that a page that loads a hundred posts stays responsive.
import { isOurs } from '../ui/element.ts'
import { scopeOf } from './names.ts'

/** The longest that one slice of work may take. */
const SLICE_MS = 6
/** The least time between two looks at the page as a whole. */
const SETTLED_MS = 100

export type Watcher = {
  /** `element` has come, or something in it has changed. */
  changed(element: Element): void
  /** Everything that changed was handed on, a moment ago. Elements may have gone, too. */
  settled(): void
}

/**
 * Tells `watcher` what changes in `root`, beginning with all that is there.
 * @returns ends it
 */
export function watch(root: Element, watcher: Watcher): () => void {
  const dirty = new Set<Element>([root])
  let frame: number | undefined
  let settling: ReturnType<typeof setTimeout> | undefined

  const work = (): void => {
    frame = undefined
    const end = performance.now() + SLICE_MS
    for (const element of dirty) {
      dirty.delete(element)
      if (element.isConnected) watcher.changed(element)
      if (performance.now() > end) break
    }
    if (dirty.size > 0) schedule()
    else
      settling ??= setTimeout(() => {
        settling = undefined
        watcher.settled()
      }, SETTLED_MS)
  }
  const schedule = (): void => {
    frame ??= requestAnimationFrame(work)
  }
  const observer = new MutationObserver((records) => {
    for (const record of records) {
      if (isOwnDoing(record)) continue
      for (const node of record.addedNodes) if (node instanceof Element) dirty.add(node)
      const { target } = record
      const element = target instanceof Element ? target : target.parentElement
      // What is no part of a name's surroundings may be as large as the page.
      const scope = element === null ? null : scopeOf(element)
      if (scope !== null) dirty.add(scope)
      schedule()
    }
  })
  observer.observe(root, {
    childList: true,
    subtree: true,
    characterData: true,
    attributes: true,
    attributeFilter: ['href'],
  })
  schedule()
  return () => {
    observer.disconnect()
    if (frame !== undefined) cancelAnimationFrame(frame)
    frame = undefined
    clearTimeout(settling)
    dirty.clear()
  }
}

/** Whether only our own elements came or went, or something changed inside one. */
function isOwnDoing({ type, target, addedNodes, removedNodes }: MutationRecord): boolean {
  if (isOurs(target)) return true
  return type === 'childList' && [...addedNodes, ...removedNodes].every(isOurs)
}
