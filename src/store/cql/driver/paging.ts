// A server answers with one page at a time. Every read goes through here, so that no caller takes the first page for all.
import type { types } from 'cassandra-driver'

export type Row = Record<string, unknown>

/** Reads one page, from where the page before ended. */
export type Asker = (at: string | undefined) => Promise<types.ResultSet>

export async function* pagesOf(ask: Asker): AsyncGenerator<Row[]> {
  let at: string | undefined
  do {
    const page = await ask(at)
    yield page.rows
    at = page.pageState ?? undefined
  } while (at !== undefined)
}

/** The rows of all pages. Most answers have one page, for which this makes as few promises as possible. */
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
