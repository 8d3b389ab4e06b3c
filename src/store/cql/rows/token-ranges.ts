/** Ranges that are read one after the other. */
export const RANGES = 64

/** The whole ring of tokens, in equal pieces: the first and last token of each. */
export function ranges(): [string, string][] {
  const least = -(2n ** 63n)
  const step = 2n ** 64n / BigInt(RANGES)
  return Array.from({ length: RANGES }, (_, n): [string, string] => {
    const from = least + BigInt(n) * step
    const to = n === RANGES - 1 ? 2n ** 63n - 1n : from + step - 1n
    return [String(from), String(to)]
  })
}
