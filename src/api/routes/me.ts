import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Wish } from '../../game/operation.ts'
import { throttle } from '../../throttle.ts'
import { leavePage } from '../../web/own/leave-page.ts'
import { mePage } from '../../web/own/me-page.ts'
import { assertOwnPage, assertToken, fieldsOf, takeForms } from '../own-forms.ts'
import { OwnWishes } from '../own-wishes.ts'
import { sendPage } from '../pages.ts'
import { tooDear } from '../problem.ts'
import { clientOf } from '../protect.ts'
import { SignedIn, type Visitor } from '../signed-in.ts'
import type { Routes } from './route.ts'
import { isSecure } from './sign-in.ts'

/** A wish counts as this many requests: a read every moment until it is fulfilled. */
const WISH_COST = 20

/** The paths of forms, and what each asks for. */
const WISHES = [
  ['/me/hide', 'hide'],
  ['/me/delete', 'leave'],
  ['/me/return', 'return'],
] as const satisfies readonly (readonly [string, Wish['kind']])[]

/** What is kept about the person who is signed in, and what they ask for. */
export const meRoutes: Routes = (app, options) => {
  const { signIn, reader, logger, monotonic } = options
  const signedIn = new SignedIn(options)
  const unheard = throttle(monotonic)
  const failed = (error: unknown): void =>
    unheard((count) => logger.error({ err: error, count }, 'a wish could not be left'))
  const wishes = new OwnWishes({ ...options, failed })
  const { site } = app
  takeForms(app)

  /** Who sent the request; `undefined` where nobody is signed in. */
  const visitorOf = async (request: FastifyRequest): Promise<(Visitor & { address: string }) | undefined> => {
    const address = signIn.addressFor(request.host)
    if (address === undefined) return undefined
    const visitor = await signedIn.visitor(request, isSecure(address))
    return visitor && { ...visitor, address }
  }
  const toSignIn = (reply: FastifyReply): FastifyReply =>
    reply.header('cache-control', 'no-store').redirect('/sign-in', 303)
  /** The visitor who sent this form from one of our pages. */
  const senderOf = async (request: FastifyRequest) => {
    const visitor = await visitorOf(request)
    if (visitor === undefined) return undefined
    assertOwnPage(request, visitor.address)
    assertToken(fieldsOf(request), visitor.formToken)
    return visitor
  }

  app.get<{ Querystring: Record<string, unknown> }>(
    '/me',
    { schema: { hide: true } },
    async (request, reply) => {
      const visitor = await visitorOf(request)
      if (visitor === undefined) return toSignIn(reply)
      const { did, formToken: token } = visitor
      const asked = WISHES.map(([, kind]) => kind).find((kind) => kind === request.query.asked)
      const page = mePage({ site, did, own: await reader.own(did), token, asked })
      return sendPage(reply.header('cache-control', 'no-store'), page)
    },
  )

  app.get('/me/leave', { schema: { hide: true } }, async (request, reply) => {
    const visitor = await visitorOf(request)
    if (visitor === undefined) return toSignIn(reply)
    const page = leavePage({ site, own: await reader.own(visitor.did), token: visitor.formToken })
    return sendPage(reply.header('cache-control', 'no-store'), page)
  })

  for (const [path, kind] of WISHES) {
    app.post(path, { schema: { hide: true } }, async (request, reply) => {
      const visitor = await senderOf(request)
      if (visitor === undefined) return toSignIn(reply)
      const { charge, signal } = clientOf(request, reply)
      if (!charge(WISH_COST)) throw tooDear('Asking for this', WISH_COST)
      await wishes.ask(kind, visitor.did, signal)
      return reply.header('cache-control', 'no-store').redirect(`/me?asked=${kind}`, 303)
    })
  }

  app.post('/me/sign-out', { schema: { hide: true } }, async (request, reply) => {
    const visitor = await senderOf(request)
    if (visitor === undefined) return toSignIn(reply)
    await signedIn.end(request, reply, isSecure(visitor.address))
    return reply.header('cache-control', 'no-store').redirect('/', 303)
  })

  app.post('/me/sign-out-everywhere', { schema: { hide: true } }, async (request, reply) => {
    const visitor = await senderOf(request)
    if (visitor === undefined) return toSignIn(reply)
    await signedIn.endEverywhere(reply, visitor.did, isSecure(visitor.address))
    return reply.header('cache-control', 'no-store').redirect('/', 303)
  })
}
