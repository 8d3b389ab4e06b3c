import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type MetricsServerOptions = {
  metrics: { contentType: string; metrics(): Promise<string> }
  host: string
  port: number
  onError: (error: unknown) => void
}

export type MetricsServer = AsyncDisposable & { url: string }

/**
 * Serves only metrics, on a port of their own, to everybody who can reach it: access is the firewall's business, as with
 * other Prometheus exporters.
 * @throws the error that listening fails with
 */
export async function serveMetrics({
  metrics,
  host,
  port,
  onError,
}: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer(async (request, response) => {
    if (request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end()
      return
    }
    try {
      const text = await metrics.metrics()
      response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' })
      response.end(request.method === 'HEAD' ? undefined : text)
    } catch (error) {
      onError(error)
      response.writeHead(500).end()
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ host, port }, resolve)
  })
  const address = server.address() as AddressInfo
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    url: `http://${name}:${address.port}/metrics`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
