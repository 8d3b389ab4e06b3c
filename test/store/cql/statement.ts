// Parses the part of CQL that the store uses, for tests without a server.

export type Term = { kind: 'bound' } | { kind: 'literal'; value: unknown }
/** Several columns are compared one after the other, as `(a, b) > (?, ?)`. */
export type Condition = { columns: string[]; token: boolean; operator: string; terms: Term[] }
export type Assignment = { column: string; counter: boolean; term: Term }

export type Statement =
  | {
      kind: 'select'
      table: string
      columns: Selected[] | undefined
      where: Condition[]
      ascending: boolean | undefined
      limit: Term | undefined
    }
  | { kind: 'insert'; table: string; set: Assignment[]; using: Using; ifNotExists: boolean }
  | { kind: 'update'; table: string; set: Assignment[]; where: Condition[]; using: Using; if: If | undefined }
  | { kind: 'delete'; table: string; where: Condition[]; using: Using; if: If | undefined }

/** A column, or the time at which it was written. */
export type Selected = { column: string; name: string; writetime: boolean }
/** Terms in the order in which they stand. */
export type Using = { what: 'TTL' | 'TIMESTAMP'; term: Term }[]
export type If = 'exists' | Condition[]

/** @throws {SyntaxError} for CQL that the store does not use */
export function parse(cql: string): Statement {
  const text = cql.replace(/\s+/g, ' ').trim()
  const read =
    /^SELECT (.+?) FROM ([\w.]+)(?: WHERE (.+?))?(?: ORDER BY \w+ (ASC|DESC))?(?: LIMIT (\S+))?$/i.exec(text)
  if (read !== null) {
    const [, columns = '', table = '', where, order, limit] = read
    return {
      kind: 'select',
      table,
      columns: columns === '*' ? undefined : columns.split(',').map(selected),
      where: conditions(where),
      ascending: order === undefined ? undefined : order === 'ASC',
      limit: limit === undefined ? undefined : term(limit),
    }
  }
  const insert = /^INSERT INTO ([\w.]+) \((.+?)\) VALUES \((.+?)\)( IF NOT EXISTS)?(?: USING (.+))?$/i.exec(
    text,
  )
  if (insert !== null) {
    const [, table = '', columns = '', values = '', ifNotExists, using] = insert
    const terms = values.split(',').map(term)
    const set = columns.split(',').map((column, at) => ({
      column: column.trim(),
      counter: false,
      term: terms[at] ?? { kind: 'bound' as const },
    }))
    return { kind: 'insert', table, set, using: usingOf(using), ifNotExists: ifNotExists !== undefined }
  }
  const update = /^UPDATE ([\w.]+)(?: USING (.+?))? SET (.+?) WHERE (.+?)(?: IF (.+))?$/i.exec(text)
  if (update !== null) {
    const [, table = '', using, set = '', where, condition] = update
    return {
      kind: 'update',
      table,
      set: set.split(',').map(assignment),
      where: conditions(where),
      using: usingOf(using),
      if: ifOf(condition),
    }
  }
  const remove = /^DELETE FROM ([\w.]+)(?: USING (.+?))? WHERE (.+?)(?: IF (.+))?$/i.exec(text)
  if (remove !== null) {
    const [, table = '', using, where, condition] = remove
    return { kind: 'delete', table, where: conditions(where), using: usingOf(using), if: ifOf(condition) }
  }
  throw new SyntaxError(`not a statement of the store: ${text}`)
}

function selected(text: string): Selected {
  const [, column = '', name] = /^writetime\((\w+)\) AS (\w+)$/i.exec(text.trim()) ?? []
  if (name !== undefined) return { column, name, writetime: true }
  return { column: text.trim(), name: text.trim(), writetime: false }
}

function conditions(text: string | undefined): Condition[] {
  if (text === undefined) return []
  return text.split(' AND ').map((part) => {
    const [, several, comparison, values] = /^\((.+?)\) ?(>=|<=|>|<) ?\((.+?)\)$/.exec(part.trim()) ?? []
    if (several !== undefined && comparison !== undefined && values !== undefined) {
      const columns = several.split(',').map((column) => column.trim())
      return { columns, token: false, operator: comparison, terms: values.split(',').map(term) }
    }
    const [, token, column = '', operator = '', value = ''] =
      /^(token\()?(\w+)\)? ?(>=|<=|=|>|<|IN) ?(?:token\()?(\?|'[^']*'|-?\w+)\)?$/i.exec(part.trim()) ?? []
    if (column === '') throw new SyntaxError(`not a condition of the store: ${part}`)
    return {
      columns: [column],
      token: token !== undefined,
      operator: operator.toUpperCase(),
      terms: [term(value)],
    }
  })
}

function assignment(text: string): Assignment {
  const [, column = '', counted, value = ''] = /^(\w+) = (?:(\w+) \+ )?(\S+)$/.exec(text.trim()) ?? []
  return { column, counter: counted !== undefined, term: term(value) }
}

function usingOf(text: string | undefined): Using {
  if (text === undefined) return []
  return text.split(' AND ').map((part) => {
    const [what = '', value = ''] = part.trim().split(' ')
    return { what: what as 'TTL' | 'TIMESTAMP', term: term(value) }
  })
}

function ifOf(text: string | undefined): If | undefined {
  if (text === undefined) return undefined
  return text === 'EXISTS' ? 'exists' : conditions(text)
}

function term(text: string): Term {
  const word = text.trim()
  if (word === '?') return { kind: 'bound' }
  if (word.startsWith("'")) return { kind: 'literal', value: word.slice(1, -1) }
  return { kind: 'literal', value: word === 'null' ? null : Number(word) }
}
