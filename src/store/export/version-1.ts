// Version 1 of the format, which named no versions of the rules: what it had otherwise.
import { Type } from 'typebox'
import { entry, LINES, type Line, strict } from './lines.ts'

const { rules: _rules, ...others } = LINES

export const LINES_OF_VERSION_1 = { ...others, event: Type.Object(entry, strict) }

/** The line as the newest version has it: a restored ledger has one version of its rules, by which all was awarded. */
export function fromVersion1(line: Line): Line {
  return line.kind === 'event' ? { ...line, rules: 1 } : line
}

/** The line as version 1 had it; `undefined` where it had none. */
export function toVersion1(line: Line): object | undefined {
  if (line.kind === 'rules') return undefined
  if (line.kind !== 'event') return line
  const { rules: _rules, ...entered } = line
  return entered
}
