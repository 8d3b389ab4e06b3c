import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Reader } from '../store/store.ts'
import type { ApiMetrics, QueryName } from './api-metrics.ts'

/** Answers that are counted already. */
const counted = new WeakSet<FastifyReply>()

/**
 * Counts the request of a stream when its answer begins, and takes no time of it: nobody waits for its end, which no hook
 * sees where the client leaves.
 */
export function countStream(reply: FastifyReply, metrics: ApiMetrics): void {
  counted.add(reply)
  metrics.answered(reply.request.routeOptions.url, reply.raw.statusCode, undefined)
}

/** Counts a request that a limit of our own refuses, whose time says nothing. */
export function countRefusal(reply: FastifyReply, metrics: ApiMetrics): void {
  counted.add(reply)
  metrics.refused(reply.request.routeOptions.url)
}

/** Counts every request once it is answered. */
export function countRequests(app: FastifyInstance, metrics: ApiMetrics): void {
  app.addHook('onResponse', function countRequest(request, reply, done) {
    if (!counted.has(reply)) {
      metrics.answered(request.routeOptions.url, reply.raw.statusCode, reply.elapsedTime / 1_000)
    }
    done()
  })
}

/** Wraps `reader` to measure how long each read takes; `records` is left out, since its caller takes its time between pages. */
export function measured(reader: Reader, metrics: ApiMetrics): Reader {
  const timed = async <T>(query: QueryName, read: () => Promise<T>): Promise<T> => {
    const began = performance.now()
    try {
      return await read()
    } finally {
      metrics.queried(query, (performance.now() - began) / 1_000)
    }
  }
  return {
    character: (did) => timed('character', () => reader.character(did)),
    characters: (dids) => timed('characters', () => reader.characters(dids)),
    didOf: (handle) => timed('didOf', () => reader.didOf(handle)),
    records: (did, pageSize) => reader.records(did, pageSize),
    events: (did, page) => timed('events', () => reader.events(did, page)),
    days: (did) => timed('days', () => reader.days(did)),
    board: (page) => timed('board', () => reader.board(page)),
    periodBoard: (board, page) => timed('periodBoard', () => reader.periodBoard(board, page)),
    xpHistogram: () => timed('xpHistogram', () => reader.xpHistogram()),
    recent: (after, limit) => timed('recent', () => reader.recent(after, limit)),
    own: (did) => timed('own', () => reader.own(did)),
    importStatus: (did) => timed('importStatus', () => reader.importStatus(did)),
    latest: (limit) => timed('latest', () => reader.latest(limit)),
    status: () => timed('status', () => reader.status()),
  }
}
