// A server answers with one page at a time: all that is read is asked for from here, so that nothing is taken for the whole
// that is only its beginning.
import type { types } from 'cassandra-driver'

export type Row = Record<string, unknown>

/** Asks for a page, given where the one before ended. */
export type Asker = (at: string | undefined) => Promise<types.ResultSet>

export async function* pagesOf(ask: Asker): AsyncGenerator<Row[]> {
  let at: string | undefined
  do {
    const page = await ask(at)
    yield page.rows
    at = page.pageState ?? undefined
  } while (at !== undefined)
}

/** The rows of all pages. Most answers are but one, which goes through as few promises as can be. */
export function rowsOf(ask: Asker): Promise<Row[]> {
  return ask(undefined).then((first) => (first.pageState ? restOf(ask, first) : first.rows))
}

async function restOf(ask: Asker, { rows: first, pageState }: types.ResultSet): Promise<Row[]> {
  const rows = [first]
  let at = pageState
  while (at) {
    const page = await ask(at)
    rows.push(page.rows)
    at = page.pageState
  }
  return rows.flat()
}
