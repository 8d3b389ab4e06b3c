import type { FastifyReply, FastifyRequest } from 'fastify'
import { readActorName } from '../../atproto/actor-name.ts'
import {
  CALLBACK_PATH,
  KEYS_PATH,
  METADATA_PATH,
  SignInError,
  type SignInFailure,
} from '../../bluesky/sign-in.ts'
import { throttle } from '../../throttle.ts'
import { noSignInPage, signInPage } from '../../web/own/sign-in-page.ts'
import { countRefusal } from '../measured.ts'
import { assertOwnPage, fieldsOf, takeForms } from '../own-forms.ts'
import { sendPage } from '../pages.ts'
import { Places, type Refused } from '../places.ts'
import { problemOf, sendProblem, tooDear } from '../problem.ts'
import { addressOf, clientOf } from '../protect.ts'
import { markBrowser, SignedIn, takeMark } from '../signed-in.ts'
import type { Routes } from './route.ts'

/** A sign-in counts as this many requests: it makes several to other servers. */
const SIGN_IN_COST = 30
/** Sign-ins that may wait for other servers at once. Strangers choose these servers, which may take their time. */
const MAX_AT_ONCE = { max: 40, maxOfAClient: 4 }
/** What other servers read changes with the program and its settings. */
const PUBLISHED_AGE = 'public, max-age=300'

/** Why somebody is not signed in: also where too many sign-ins are under way. */
type Failure = SignInFailure | 'busy' | 'enough'

const TROUBLES: Readonly<Record<Failure, string>> = {
  unknown:
    'Nobody on the network goes by that name. Your handle looks like alice.example; your DID works, too.',
  denied: 'You were not signed in: you or your server said no. Nothing has changed.',
  expired: 'That took too long, or was begun in another browser. Please begin again.',
  unavailable: 'Your server does not answer, or not as it should. Try again in a minute.',
  busy: 'Too many people are signing in right now. Try again in a minute.',
  enough: 'You are signing in several times at once. Try again in a minute.',
}

const STATUS: Readonly<Record<Failure, number>> = {
  ...{ unknown: 404, denied: 400, expired: 400, unavailable: 503, busy: 503, enough: 429 },
}

/** Signing in: our form, the way to the person's own server, and back. */
export const signInRoutes: Routes = (app, options) => {
  const { signIn, logger, monotonic, apiMetrics } = options
  const signedIn = new SignedIn(options)
  const { site } = app
  const places = new Places(MAX_AT_ONCE)
  takeForms(app)

  const failing = throttle(monotonic)
  const failureOf = (error: unknown): SignInFailure => {
    if (!(error instanceof SignInError)) throw error
    const { failure, message: reason } = error
    if (failure === 'unavailable')
      failing((count) => logger.warn({ reason, count }, 'somebody could not sign in'))
    return failure
  }
  const failed = (reply: FastifyReply, failure: Failure, name?: string): FastifyReply => {
    if (failure === 'busy') countRefusal(reply, apiMetrics)
    const page = { site, trouble: TROUBLES[failure], ...(name === undefined ? {} : { name }) }
    return sendSignIn(reply.code(STATUS[failure]), signInPage(page))
  }

  app.get('/sign-in', { schema: { hide: true } }, async (request, reply) => {
    const address = signIn.addressFor(request.host)
    if (address === undefined) return sendSignIn(reply, noSignInPage({ site }))
    // Cookies belong to a name, and the way back leads to this one.
    if (isLocalhost(request)) return reply.redirect(`${address}/sign-in`, 303)
    if ((await signedIn.visitor(request, isSecure(address))) !== undefined) return reply.redirect('/me', 303)
    return sendSignIn(reply, signInPage({ site }))
  })

  app.post('/sign-in/continue', { schema: { hide: true } }, async (request, reply) => {
    const address = signIn.addressFor(request.host)
    if (address === undefined) return sendSignIn(reply, noSignInPage({ site }))
    assertOwnPage(request, address)
    const typed = fieldsOf(request).get('name') ?? ''
    const name = readActorName(typed)
    if (name === undefined) return failed(reply, 'unknown', typed)
    const { charge, signal } = clientOf(request, reply)
    if (!charge(SIGN_IN_COST)) throw tooDear('Signing in', SIGN_IN_COST)
    const place = places.take(addressOf(request))
    if (typeof place === 'string') return failed(reply, refusalOf(place), typed)
    try {
      const browser = markBrowser(reply, isSecure(address))
      const to = await signIn.begin(name, { address, browser, signal })
      return reply.header('cache-control', 'no-store').redirect(to.href, 303)
    } catch (error) {
      return failed(reply, failureOf(error), typed)
    } finally {
      place()
    }
  })

  app.get(CALLBACK_PATH, { schema: { hide: true } }, async (request, reply) => {
    const address = signIn.addressFor(request.host)
    if (address === undefined) return sendSignIn(reply, noSignInPage({ site }))
    const secure = isSecure(address)
    const place = places.take(addressOf(request))
    // The browser keeps its mark, so that loading the page again goes on from here.
    if (typeof place === 'string') return failed(reply, refusalOf(place))
    try {
      const mark = takeMark(request, reply, secure)
      // Nobody is asked anything on behalf of a browser that has begun nothing.
      if (mark === undefined) return failed(reply, 'expired')
      const query = new URLSearchParams(request.url.split('?', 2)[1])
      const { did, browser } = await signIn.finish(query, address)
      if (browser !== mark) return failed(reply, 'expired')
      await signedIn.begin(reply, did, secure)
      return reply.header('cache-control', 'no-store').redirect('/me', 303)
    } catch (error) {
      return failed(reply, failureOf(error))
    } finally {
      place()
    }
  })

  for (const [path, part] of [
    [METADATA_PATH, 'metadata'],
    [KEYS_PATH, 'keys'],
  ] as const) {
    app.get(path, { schema: { hide: true } }, async (_request, reply) => {
      const published = await signIn.published()
      if (published === undefined) {
        const detail = 'This server has no public address (PUBLIC_URL), so it tells other servers nothing.'
        return sendProblem(reply, problemOf(404, 'NotFound', detail))
      }
      return reply.header('cache-control', PUBLISHED_AGE).send(published[part])
    })
  }
}

export function isSecure(address: string): boolean {
  return address.startsWith('https:')
}

function isLocalhost({ hostname }: FastifyRequest): boolean {
  return hostname === 'localhost'
}

/** The form on these pages leads, by a redirect, to whatever server the person's account is at. */
function sendSignIn(reply: FastifyReply, page: string): FastifyReply {
  const isPublic = reply.server.site.publicUrl?.startsWith('https:')
  // Servers of a network on somebody's own machine have no certificates.
  const formsLeadTo = ["'self'", 'https:', ...(isPublic ? [] : ['http:'])]
  return sendPage(reply.header('cache-control', 'no-store'), page, { formsLeadTo })
}

function refusalOf(refused: Refused): Failure {
  return refused === 'all taken' ? 'busy' : 'enough'
}
