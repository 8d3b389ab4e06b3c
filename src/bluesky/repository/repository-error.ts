import { RequestError } from '../request.ts'

/** Why a repository was not read; a label in the metrics. */
export type Refusal =
  /** The address of its server is not public. */
  | 'address'
  /** The server did not accept a connection, or it broke. */
  | 'unreachable'
  /** The server answered with a status other than 2xx. */
  | 'status'
  | 'too-slow'
  | 'too-large'
  /** The answer is not a CAR file of this repository. */
  | 'malformed'
  /** The commit is not signed by the key that the person's DID document names. */
  | 'forged'
  /** The file ended before the tree was complete. */
  | 'incomplete'
  /** The thread that read it crashed. */
  | 'crashed'

/** A repository cannot be read; `refusal` says why. */
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

/** The answer breaks the protocol. */
export function malformed(what: string, cause?: unknown): RepositoryError {
  return new RepositoryError('malformed', `not a repository that can be read: ${what}`, { cause })
}

export function tooLarge(what: string): RepositoryError {
  return new RepositoryError('too-large', `the repository is too large: ${what}`)
}
