import { RequestError } from '../request.ts'

/** Why a repository was not read; a label of the metrics. */
export type Refusal =
  /** It says that it is somewhere else, or nowhere that a stranger may send us to. */
  | 'address'
  /** No connection, or one that broke. */
  | 'unreachable'
  /** The server answered with another status than 200. */
  | 'status'
  | 'too-slow'
  | 'too-large'
  /** It is no CAR file of a repository, or not of this one. */
  | 'malformed'
  /** It ended before the tree was whole. */
  | 'incomplete'
  /** Reading it killed the thread that did. */
  | 'crashed'

/** A repository cannot be read, and why. */
export class RepositoryError extends RequestError {
  override name = 'RepositoryError'
  readonly refusal: Refusal

  constructor(
    refusal: Refusal,
    message: string,
    details: ConstructorParameters<typeof RequestError>[1] = {},
  ) {
    super(message, details)
    this.refusal = refusal
  }
}

/** What came is no repository, or not one by the protocol. */
export function malformed(what: string, cause?: unknown): RepositoryError {
  return new RepositoryError('malformed', `not a repository that can be read: ${what}`, { cause })
}

export function tooLarge(what: string): RepositoryError {
  return new RepositoryError('too-large', `the repository is too large: ${what}`)
}
