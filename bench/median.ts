/** The median of `items` by `value`. */
export function medianBy<T>(items: readonly T[], value: (item: T) => number): T {
  const middle = items.toSorted((a, b) => value(a) - value(b))[Math.floor(items.length / 2)]
  if (middle === undefined) throw new Error('there is no median of nothing')
  return middle
}

export function median(values: readonly number[]): number {
  return medianBy(values, (value) => value)
}
