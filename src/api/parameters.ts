// The parameters that several routes take, and patterns of parameters for /openapi.json.
import { Type } from 'typebox'

const NAME =
  '(did:plc:[a-z2-7]{24}|did:web:[a-z0-9]{1,20}[.][a-z]{2,10}|@?[a-z0-9]{1,20}([.][a-z0-9]{1,20}){0,3}[.][a-z]{2,10})'
const ACTOR = `^${NAME}$`
const TIME =
  '^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)?$'

/** Every name has a letter or a digit. */
export const NAMES = '[0-9A-Za-z]'

/**
 * Patterns of parameters in /openapi.json. Each describes values that are always accepted; some others are, too. Requests
 * are not checked against them, because the handlers' errors say more than a failed pattern.
 */
export const PATTERNS: Readonly<Record<string, string>> = {
  actor: ACTOR,
  around: ACTOR,
  type: '^[a-z]{2,10}([.][a-z]{1,20}){2,4}$',
  since: TIME,
  until: TIME,
  cursor: '^[0-9a-z-]{1,100}$',
}

/** A comma-separated list of names. */
export const ACTORS_PATTERN = `^${NAME}(,${NAME}){0,9}$`

/** A name for somebody: a DID or a handle. */
export const ActorParameters = Type.Object({
  // No maxLength: handlers check it, and doing so twice costs every request.
  actor: Type.String({
    description: 'a DID or handle; also @handle, an at:// URI, or a link to a profile',
    examples: ['did:plc:alicealicealicealicealic', 'alice.example'],
  }),
})

export const PageQuery = {
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 2048 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })),
}
