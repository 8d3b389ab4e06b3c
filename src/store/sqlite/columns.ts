/**
 * The index of each column in rows that are read as arrays, which are cheaper than objects. Readers use names, not numbers.
 */
export function placesOf<Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, place) => [name, place])) as Record<Name, number>
}
