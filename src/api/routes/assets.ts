import { ASSETS } from '../../web/assets.ts'
import { ProblemError } from '../problem.ts'
import type { Routes } from './route.ts'

/** An address names its content, so what it answers never changes. */
const FOREVER = 'public, max-age=31536000, immutable'

/** Style sheets, scripts and fonts of the pages. */
export const assetRoutes: Routes = (app) => {
  app.get<{ Params: { file: string } }>('/assets/:file', { schema: { hide: true } }, (request, reply) => {
    const asset = ASSETS.get(request.params.file)
    if (asset === undefined)
      throw new ProblemError(404, 'NotFound', 'There is no such file; see / for the pages that name them.')
    const { type, bytes, compressed } = asset
    reply.type(type).header('cache-control', FOREVER)
    if (compressed === undefined) return reply.send(bytes)
    reply.header('vary', 'accept-encoding')
    const accepted = request.headers['accept-encoding'] ?? ''
    if (/\bbr\b/.test(accepted)) return reply.header('content-encoding', 'br').send(compressed.br)
    if (/\bgzip\b/.test(accepted)) return reply.header('content-encoding', 'gzip').send(compressed.gzip)
    return reply.send(bytes)
  })
}
