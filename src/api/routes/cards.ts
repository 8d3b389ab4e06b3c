import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Avatars } from '../../pictures/avatars.ts'
import { type CardSize, SIZES } from '../../pictures/card.ts'
import { type CardFormat, NoRendererError } from '../../pictures/renderer.ts'
import { type ThemeName, themes } from '../../pictures/themes.ts'
import { TurnsFullError } from '../../pictures/turns.ts'
import type { Character } from '../../store/store.ts'
import { cardOf } from '../card-of.ts'
import { isKnown } from '../if-none-match.ts'
import { ActorParameters } from '../parameters.ts'
import { BusyError, ProblemError, tooDear } from '../problem.ts'
import { clientOf } from '../protect.ts'
import { NAMES_PEOPLE, NOT_MODIFIED, problems } from '../responses.ts'
import type { RouteOptions, Routes } from './route.ts'

/** Drawing a card counts as this many requests; one that has been drawn counts as one. */
const DRAWING_COST = 5

const CardQuery = Type.Object(
  {
    theme: Type.Optional(
      Type.Enum(Object.keys(themes) as ThemeName[], { default: 'night', description: 'its colours' }),
    ),
    size: Type.Optional(
      Type.Enum(Object.keys(SIZES) as CardSize[], {
        default: 'large',
        description: 'large: 1200 x 630, for links; compact: 480 x 160',
      }),
    ),
    v: Type.Optional(
      Type.String({
        maxLength: 100,
        description:
          'makes addresses differ, for clients that never ask again; any value shows the card of now',
      }),
    ),
  },
  { additionalProperties: false },
)

const TYPES = { png: 'image/png', svg: 'image/svg+xml' } as const

/** An SVG that a browser opens by itself may load nothing and run nothing. */
const SVG_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"

export const cardRoutes: Routes = (app, options) => {
  for (const format of ['png', 'svg'] as const) {
    const type = TYPES[format]
    app.get(
      `/@:actor/card.${format}`,
      {
        // The tag is strong: it stands for these very bytes.
        compress: false,
        schema: {
          operationId: format === 'png' ? 'getCard' : 'getCardAsSvg',
          tags: ['pictures'],
          summary: format === 'png' ? "Get a character's card" : "Get a character's card as SVG",
          description: `A picture of level, title, XP and rank. Drawing one counts as ${DRAWING_COST} requests. Only handles that this server knows have a card.`,
          params: ActorParameters,
          querystring: CardQuery,
          response: {
            200: {
              description: 'the card',
              content: { [type]: { schema: Type.Unsafe<Buffer>({ type: 'string', format: 'binary' }) } },
            },
            304: NOT_MODIFIED,
            ...problems(400, 404, 503),
          },
        },
      },
      (request, reply) => sendCard(options, request.params.actor, request.query, format, request, reply),
    )
  }
}

async function sendCard(
  { actors, ranks, rules, pictures: { cards, avatars }, settings }: RouteOptions,
  actor: string,
  { theme = 'night', size = 'large' }: Static<typeof CardQuery>,
  format: CardFormat,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Buffer> {
  await ranks.ready()
  const character = await actors.character(await actors.knownDidOf(actor))
  const site = settings.publicUrl === undefined ? 'bsky-rpg' : new URL(settings.publicUrl).host
  const card = cardOf(character, { rules, ranks: settings.boards === 'on' ? ranks : undefined, site })
  const drawing = {
    did: character.did,
    card,
    style: { theme, size },
    format,
    portrait: await portraitOf(character, avatars),
  }
  const tag = cards.tagOf(drawing)
  const headers = { etag: `"${tag}"`, 'cache-control': NAMES_PEOPLE }
  if (isKnown(request.headers['if-none-match'], headers.etag)) {
    reply.code(304).headers(headers)
    return Buffer.alloc(0)
  }
  const drawn = await cards.cached(tag, drawing)
  if (drawn === undefined && !clientOf(request, reply).charge(DRAWING_COST - 1)) {
    throw tooDear('Drawing a card', DRAWING_COST)
  }
  const picture = drawn ?? (await cards.draw(tag, drawing).catch(refuse))
  reply.type(TYPES[format]).headers(headers)
  if (format === 'svg') reply.header('content-security-policy', SVG_POLICY)
  return picture
}

/** The avatar if it is here. If it is not, it is fetched for the next card, and nobody waits for it. */
async function portraitOf({ did, profile }: Character, avatars: Avatars): Promise<Buffer | undefined> {
  const url = profile?.avatar
  if (url === undefined) return undefined
  const cached = await avatars.cached({ did, url }, 256)
  if (cached === undefined) void avatars.fetch({ did, url })
  return cached
}

function refuse(error: unknown): never {
  if (error instanceof TurnsFullError) {
    throw new BusyError('TooManyCards', 'Too many cards are waiting to be drawn; try again soon.')
  }
  if (error instanceof NoRendererError) {
    throw new ProblemError(503, 'CardsUnavailable', `This server cannot draw cards: ${error.message}.`)
  }
  throw error
}
