/**
 * A piece of the stream that a client received without being told of a gap: of all events after `from` up to `to`, those about
 * its people, each once. Only events of steady people are counted, since of others it depends on the moment who is shown.
 */
export type Piece = {
  /** Ids of events. */
  from: number
  to: number
  events: number
  /** The sum of `mixed` ids, modulo 2^32: equal if, by all odds, the same events were received. */
  sum: number
}

/** What a client received, as pieces between gaps. */
export class Received {
  readonly pieces: Piece[] = []
  /** Reasons of the gaps that it was told of. */
  readonly gaps: string[] = []
  /** Events that came twice or after a later one. */
  misplaced = 0

  get last(): number | undefined {
    return this.pieces.at(-1)?.to
  }

  /** The stream is at `id`, and nothing of the client's people is missing before it. */
  position(id: number): void {
    const piece = this.pieces.at(-1)
    if (piece === undefined) this.pieces.push({ from: id, to: id, events: 0, sum: 0 })
    else if (id < piece.to) this.misplaced += 1
    else piece.to = id
  }

  event(id: number, { isSteady }: { isSteady: boolean }): void {
    const piece = this.pieces.at(-1)
    // Each stream begins with its position.
    if (piece === undefined || id <= piece.to) {
      this.misplaced += 1
      return
    }
    piece.to = id
    if (!isSteady) return
    piece.events += 1
    piece.sum = (piece.sum + mixed(id)) >>> 0
  }

  gap(id: number, reason: string): void {
    this.gaps.push(reason)
    this.pieces.push({ from: id, to: id, events: 0, sum: 0 })
  }
}

/** A number of 32 bits in which each bit of `id` has changed about half of them. */
export function mixed(id: number): number {
  const once = Math.imul(id ^ (id >>> 16), 0x45d9f3b)
  return (once ^ (once >>> 16)) >>> 0
}
