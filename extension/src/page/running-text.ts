/**
 * Makes a change, and says which of `texts` need more lines since. Reads the layout of all of them before the change and all after,
 * never between: each reading after a change has the browser lay the page out.
 * @returns those that have grown, and whether one still is, after further changes
 */
export function growing(
  texts: readonly Element[],
  change: () => void,
): (readonly [text: Element, isStillGrown: () => boolean])[] {
  const heights = texts.map(heightOf)
  change()
  return texts
    .map((text, n) => [text, () => heightOf(text) > (heights[n] ?? 0) + TOLERANCE_PX] as const)
    .filter(([, isGrown]) => isGrown())
}

/** Less than any line's height, and more than rounding makes of one. */
const TOLERANCE_PX = 1

function heightOf(element: Element): number {
  return element.getBoundingClientRect().height
}
