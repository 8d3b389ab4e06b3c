/** One server-sent event, as the stream of events sends them. */
export type Block = { id: number | undefined; event: string; data: string }

/**
 * Takes pieces of a stream apart into its events. Fields come in the server's order (id, event, data); what a soak looks at is
 * ASCII, so bytes are read as Latin-1, in which no character is cut in two.
 */
export class EventBlocks {
  #rest = ''

  /** Calls `take` with each event that `piece` completes. */
  push(piece: Buffer, take: (block: Block) => void): void {
    const text = this.#rest + piece.toString('latin1')
    let from = 0
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n', from)) {
      take(blockOf(text.slice(from, end)))
      from = end + 2
    }
    this.#rest = text.slice(from)
  }
}

function blockOf(text: string): Block {
  const id = field(text, 'id: ')
  return {
    id: id === '' ? undefined : Number(id),
    event: field(text, 'event: '),
    data: field(text, 'data: '),
  }
}

function field(text: string, name: string): string {
  const at = text.startsWith(name) ? 0 : text.indexOf(`\n${name}`) + 1
  if (at === 0 && !text.startsWith(name)) return ''
  const end = text.indexOf('\n', at)
  return text.slice(at + name.length, end === -1 ? undefined : end)
}
