/** Counts what a soak has done so far. */
export class Figures {
  readonly #counts = new Map<string, number>()

  add(what: string, n = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + n)
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0
  }

  toString(): string {
    return [...this.#counts].map(([what, n]) => `${n} ${what}`).join(', ')
  }
}
