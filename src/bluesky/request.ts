// HTTP requests to the network. Answers come from strangers: they are bounded in time and size, callers check the parts
// that they use, and every failure is a RequestError.

/** A request got no usable answer. Asking again later may help. */
export class RequestError extends Error {
  override name = 'RequestError'
  /** The HTTP status, if there was an answer. */
  readonly status: number | undefined
  /** The name of the XRPC error, if the answer has one. */
  readonly error: string | undefined
  /** How long the server asks us to wait before the next request, in milliseconds. */
  readonly waitMs: number | undefined

  constructor(
    message: string,
    details: {
      status?: number | undefined
      error?: string | undefined
      waitMs?: number | undefined
      cause?: unknown
    } = {},
  ) {
    super(message, { cause: details.cause })
    this.status = details.status
    this.error = details.error
    this.waitMs = details.waitMs
  }
}

/** An answer whose body has not been read. */
export type Opened = { status: number; headers: Headers; body: AsyncIterable<Uint8Array> }

/**
 * Requests `url`, and resolves when the headers of the answer have arrived. Does not follow redirects: their target has not
 * been checked. Reading the body fails when `signal` aborts.
 */
export type OpenUrl = (
  url: string,
  options: {
    signal: AbortSignal
    headers?: Readonly<Record<string, string>>
    /** @default 'GET' */
    method?: string
    /** @default none */
    body?: Uint8Array
  },
) => Promise<Opened>

export type RequestOptions = {
  /** Time limit for the whole answer, in milliseconds. */
  timeoutMs: number
  /** A longer answer is an error. */
  maxBytes: number
  signal: AbortSignal
  /** Opens the URL. For URLs that come from strangers use `openPublicUrl`. @default fetch */
  open?: OpenUrl
}

/**
 * Fetches `url` whole.
 * @throws {RequestError}
 */
export async function fetchBytes(url: string, options: RequestOptions): Promise<Uint8Array> {
  const { timeoutMs, maxBytes, signal, open = openByFetch } = options
  const where = URL.parse(url)?.host
  if (where === undefined) throw new RequestError(`${JSON.stringify(url)} is not an address`)
  try {
    const opened = await open(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) })
    const body = await bounded(opened.body, maxBytes)
    if (isOk(opened)) return body
    throw refusalOf(where, opened, body)
  } catch (error) {
    signal.throwIfAborted()
    throw asRequestError(where, error)
  }
}

const openByFetch: OpenUrl = async (url, { signal, headers, method = 'GET', body }) => {
  const response = await fetch(url, {
    redirect: 'error',
    signal,
    method,
    ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    headers: { 'user-agent': 'bsky-rpg', ...headers },
  })
  return { status: response.status, headers: response.headers, body: response.body ?? nothing() }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** True for a status of 2xx. */
export function isOk({ status }: Pick<Opened, 'status'>): boolean {
  return status >= 200 && status < 300
}

/** Makes an error of an answer that is not a 2xx. */
export function refusalOf(
  where: string,
  { status, headers }: Pick<Opened, 'status' | 'headers'>,
  body: Uint8Array,
): RequestError {
  return new RequestError(`${where} answered ${status}`, {
    status,
    error: errorName(body),
    waitMs: status === 429 ? waitOf(headers, Date.now()) : undefined,
  })
}

/** Wraps errors of the connection to `where`. */
function asRequestError(where: string, error: unknown): RequestError {
  if (error instanceof RequestError) return error
  const why = error instanceof Error ? `${error.message}${causeOf(error)}` : String(error)
  return new RequestError(`${where} cannot be reached: ${why}`, { cause: error })
}

/** @throws {RequestError} also if the answer is not JSON */
export async function fetchJson(url: string, options: RequestOptions): Promise<unknown> {
  const body = await fetchBytes(url, options)
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch (error) {
    throw new RequestError(`${new URL(url).host} answered with something other than JSON`, { cause: error })
  }
}

/**
 * Milliseconds to wait after a 429: until `ratelimit-reset` (epoch seconds), else for `retry-after`, else for a minute.
 * @param nowMs our clock, for answers without a `date`, which is the server's
 */
export function waitOf(headers: Headers, nowMs: number): number {
  const reset = Number(headers.get('ratelimit-reset'))
  const after = Number(headers.get('retry-after'))
  const said = Date.parse(headers.get('date') ?? '')
  const wait = reset > 0 ? reset * 1000 - (said || nowMs) : after > 0 ? after * 1000 : 60_000
  return Math.min(Math.max(wait, 1_000), 900_000)
}

/** Reads the whole body. @throws {RequestError} if it is longer than `maxBytes` */
export async function bounded(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBytes) throw new RequestError(`an answer is longer than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function errorName(body: Uint8Array): string | undefined {
  try {
    const { error } = JSON.parse(new TextDecoder().decode(body))
    return typeof error === 'string' ? error : undefined
  } catch {
    return undefined
  }
}

function causeOf({ cause }: Error): string {
  return cause instanceof Error ? ` (${cause.message})` : ''
}
