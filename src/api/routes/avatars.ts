import { setTimeout as sleep } from 'node:timers/promises'
import { isDid } from '@atcute/lexicons/syntax'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { AVATAR_SIDES, type AvatarOf, type AvatarSide, type Avatars } from '../../pictures/avatars.ts'
import { notAName } from '../actors.ts'
import { isKnown } from '../if-none-match.ts'
import { clientOf } from '../protect.ts'
import { NAMES_PEOPLE, NOT_MODIFIED, problems } from '../responses.ts'
import { etagOf, NO_AVATAR } from '../stand-in.ts'
import type { Routes } from './route.ts'

/** Fetching an avatar counts as this many requests; one that is here counts as one. */
const FETCHING_COST = 2
/** An avatar that takes longer is there for the next request. */
const MAX_WAIT_MS = 1_500
/** The browser may show it again for a while, and no other cache: somebody who opts out must be gone from those at once. */
const OWN_CACHE = 'private, max-age=300'
/** A picture that a browser opens by itself may load nothing and run nothing. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

const WEBP = 'image/webp'
const SVG = 'image/svg+xml'
const picture = (description: string, ...types: string[]) => ({
  description,
  content: Object.fromEntries(
    types.map((type) => [type, { schema: Type.Unsafe<Buffer>({ type: 'string', format: 'binary' }) }]),
  ),
})

export const avatarRoutes: Routes = (app, { reader, pictures: { avatars } }) => {
  app.get(
    '/avatars/:did',
    {
      compress: false,
      schema: {
        operationId: 'getAvatar',
        tags: ['pictures'],
        summary: 'Get an avatar',
        description:
          'Encoded anew, as a square. People without an avatar have the same picture as people whom this server does not show.',
        params: Type.Object({
          did: Type.String({ description: 'a DID', examples: ['did:plc:alicealicealicealicealic'] }),
        }),
        querystring: Type.Object({
          size: Type.Optional(
            Type.Enum(AVATAR_SIDES.map(String), { default: '96', description: 'pixels on each side' }),
          ),
        }),
        response: { 200: picture('the avatar', WEBP, SVG), 304: NOT_MODIFIED, ...problems(400, 503) },
      },
    },
    async (request, reply) => {
      const { did } = request.params
      if (!isDid(did)) throw notAName(did)
      const side = Number(request.query.size ?? '96') as AvatarSide
      const url = (await reader.character(did))?.profile?.avatar
      const found =
        url === undefined
          ? undefined
          : await find(avatars, { did, url }, side, clientOf(request, reply).charge)
      reply.header('content-security-policy', POLICY)
      const known = request.headers['if-none-match']
      return found === undefined
        ? send(reply, known, { bytes: NO_AVATAR, type: SVG, caching: NAMES_PEOPLE })
        : send(reply, known, { bytes: found, type: WEBP, caching: OWN_CACHE })
    },
  )
}

async function find(
  avatars: Avatars,
  avatar: AvatarOf,
  side: AvatarSide,
  charge: (cost: number) => boolean,
): Promise<Buffer | undefined> {
  const cached = await avatars.cached(avatar, side)
  if (cached !== undefined || !charge(FETCHING_COST - 1)) return cached
  const late = new AbortController()
  const wait = sleep(MAX_WAIT_MS, undefined, { signal: late.signal }).catch(() => {})
  await Promise.race([avatars.fetch(avatar), wait])
  late.abort()
  return avatars.cached(avatar, side)
}

function send(
  reply: FastifyReply,
  known: string | undefined,
  { bytes, type, caching }: { bytes: Buffer; type: string; caching: string },
): Buffer {
  const etag = etagOf(bytes)
  reply.headers({ etag, 'cache-control': caching })
  if (isKnown(known, etag)) {
    reply.code(304)
    return Buffer.alloc(0)
  }
  reply.type(type)
  return bytes
}
