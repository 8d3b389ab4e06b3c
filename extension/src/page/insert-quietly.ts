/** Until so long after its surroundings appeared, an element comes with them: nobody reads below it yet. */
const TOGETHER_MS = 2_000

/**
 * Puts `element` after `place` without moving what somebody reads: together with `place`, or while that is off the screen, where the
 * browser keeps the rest still.
 */
export function insertQuietly(
  element: Element,
  place: Element,
  { appearedMs, signal }: { appearedMs: number; signal: AbortSignal },
): void {
  if (performance.now() - appearedMs <= TOGETHER_MS) {
    place.after(element)
    return
  }
  const observer = new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting)) return
    observer.disconnect()
    if (place.isConnected) place.after(element)
  })
  observer.observe(place)
  signal.addEventListener('abort', () => observer.disconnect())
}
