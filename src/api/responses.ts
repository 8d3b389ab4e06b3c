import { Type } from 'typebox'
import { PROBLEM_TYPE, type Problem } from './problem.ts'

const MEANINGS: Readonly<Record<number, string>> = {
  400: 'something about the request is not as it has to be',
  403: 'not for everybody',
  404: 'there is no such character',
  429: 'too many requests from this address; Retry-After says when to go on',
  503: 'the ledger cannot be read right now; Retry-After says when to try again',
}

/** The problems that a route may answer with; `default` stands for what is nobody's plan. */
export function problems(...statuses: number[]) {
  const entry = (description: string) =>
    Type.Unsafe<Problem>({ description, content: { [PROBLEM_TYPE]: { schema: { $ref: 'Problem#' } } } })
  return {
    ...Object.fromEntries([...statuses, 429].map((status) => [status, entry(MEANINGS[status] ?? '')])),
    default: entry('anything else'),
  }
}
