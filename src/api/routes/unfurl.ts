// How other sites show a character: oEmbed, and a badge of shields.io.
import { type Static, Type } from 'typebox'
import { readActorName } from '../../atproto/actor-name.ts'
import { iso } from '../../game/time.ts'
import { type CardSize, SIZES } from '../../pictures/card.ts'
import { tierColour } from '../../pictures/themes.ts'
import { plain } from '../../web/format.ts'
import { inWords, nameOf, sheetAddress, tierIndexOf } from '../../web/person.ts'
import { pictureAddress } from '../../web/unfurl.ts'
import { baseAddress } from '../base-address.ts'
import { ActorParameters } from '../parameters.ts'
import { ProblemError, unknownActor } from '../problem.ts'
import { NAMES_PEOPLE, namesPeopleAndUs, problems } from '../responses.ts'
import type { RouteOptions, Routes } from './route.ts'

/** How long others are asked to keep what they show, in seconds. */
const KEEP_SECONDS = 300

const side = Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 }))

/** https://oembed.com */
const Oembed = Type.Object({
  version: Type.Enum(['1.0']),
  type: Type.Enum(['photo', 'link'], { description: 'link where no picture is small enough' }),
  title: Type.String(),
  author_name: Type.String(),
  author_url: Type.String(),
  provider_name: Type.String(),
  provider_url: Type.String(),
  cache_age: Type.Integer({ description: 'seconds' }),
  url: Type.Optional(Type.String({ description: 'address of the picture' })),
  width: Type.Optional(Type.Integer()),
  height: Type.Optional(Type.Integer()),
})

/** https://shields.io/badges/endpoint-badge */
const Badge = Type.Object({
  schemaVersion: Type.Enum([1]),
  label: Type.String(),
  message: Type.String({ description: 'level and title' }),
  color: Type.String({ description: "the title's colour" }),
  cacheSeconds: Type.Integer(),
})

export const unfurlRoutes: Routes = (app, options) => {
  app.get(
    '/oembed',
    {
      schema: {
        operationId: 'getOembed',
        tags: ['pictures'],
        summary: "Get the embedding of a character's page (oEmbed)",
        description: 'JSON only. Pages name it in their head.',
        querystring: Type.Object({
          url: Type.String({
            minLength: 1,
            maxLength: 4_096,
            description: "address of a character's page on this server",
          }),
          maxwidth: side,
          maxheight: side,
          format: Type.Optional(Type.String({ maxLength: 20, description: 'only json' })),
        }),
        response: { 200: Oembed, ...problems(400, 404, 501, 503) },
      },
    },
    async (request, reply) => {
      const { url, maxwidth, maxheight, format = 'json' } = request.query
      if (format !== 'json') throw new ProblemError(501, 'NotImplemented', 'Only format=json is served.')
      const base = baseAddress(request, options.settings.publicUrl)
      const character = await find(nameIn(url, base), options)
      reply.header('cache-control', namesPeopleAndUs(options.settings.publicUrl))
      const now = iso(options.clock())
      return {
        version: '1.0',
        title: inWords(character).title,
        author_name: plain(nameOf(character)),
        author_url: base + sheetAddress(character),
        provider_name: 'bsky-rpg',
        provider_url: base,
        cache_age: KEEP_SECONDS,
        ...pictureWithin({ maxwidth, maxheight }, pictureAddress({ base, character, now })),
      } satisfies Static<typeof Oembed>
    },
  )

  app.get(
    '/@:actor/badge.json',
    {
      schema: {
        operationId: 'getBadge',
        tags: ['pictures'],
        summary: 'Get a badge for shields.io',
        description: 'For https://shields.io/badges/endpoint-badge.',
        params: ActorParameters,
        response: { 200: Badge, ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const { rules } = options
      const character = await find(request.params.actor, options)
      const { level } = character.leveling
      reply.header('cache-control', NAMES_PEOPLE)
      return {
        schemaVersion: 1,
        label: 'Bluesky',
        message: `level ${level.toLocaleString('en')} ${plain(character.title)}`,
        color: tierColour('paper', tierIndexOf(level, rules.titles)),
        cacheSeconds: KEEP_SECONDS,
      } satisfies Static<typeof Badge>
    },
  )

  /** The name in the address of a sheet on this server. */
  function nameIn(address: string, base: string): string {
    const [own, asked] = [URL.parse(base), URL.parse(address)]
    const isSheet = /^\/@[^/]+\/?$/.test(asked?.pathname ?? '')
    const isOwn = asked !== null && asked.host === own?.host && /^https?:$/.test(asked.protocol)
    // The address of any other page, or of another server's, names no character here.
    const actor = isOwn && isSheet ? readActorName(asked.href) : undefined
    if (actor === undefined) throw unknownActor(options.rules)
    return actor
  }
}

async function find(name: string, { actors, presenter, ranks }: RouteOptions) {
  await ranks.ready()
  return presenter.character(await actors.character(await actors.knownDidOf(name)))
}

/** The largest picture of at most this size. */
function pictureWithin(
  {
    maxwidth = Number.POSITIVE_INFINITY,
    maxheight = Number.POSITIVE_INFINITY,
  }: {
    maxwidth: number | undefined
    maxheight: number | undefined
  },
  address: string,
): Pick<Static<typeof Oembed>, 'type' | 'url' | 'width' | 'height'> {
  const size = (['large', 'compact'] as const satisfies CardSize[]).find(
    (one) => SIZES[one].width <= maxwidth && SIZES[one].height <= maxheight,
  )
  if (size === undefined) return { type: 'link' }
  return { type: 'photo', url: size === 'large' ? address : `${address}&size=${size}`, ...SIZES[size] }
}
