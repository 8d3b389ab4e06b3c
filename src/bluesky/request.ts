// What we ask the network besides the stream. Everything that comes back is a stranger's: bounded in time and size,
// checked for what is used, and a failure of one kind if it is anything else.

/** A question got no answer that can be used. Asking again later may help. */
export class RequestError extends Error {
  override name = 'RequestError'
  /** The HTTP status, where there was an answer. */
  readonly status: number | undefined
  /** The XRPC error's name, where one was given. */
  readonly error: string | undefined
  /** How long the server wants to be left alone, in milliseconds. */
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
 * Asks for `url`, and resolves when the head of the answer is there. Follows no redirect: where it leads was not looked at.
 * Reading the body ends with an error when `signal` aborts.
 */
export type OpenUrl = (
  url: string,
  options: { signal: AbortSignal; headers?: Readonly<Record<string, string>> },
) => Promise<Opened>

export type RequestOptions = {
  /** Longest time for the whole answer, in milliseconds. */
  timeoutMs: number
  /** Most bytes that are taken. */
  maxBytes: number
  signal: AbortSignal
  /** How the address is opened: by `fetch` unless it comes from a stranger; see `openPublicUrl`. */
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

const openByFetch: OpenUrl = async (url, { signal, headers }) => {
  const response = await fetch(url, {
    redirect: 'error',
    signal,
    headers: { 'user-agent': 'bsky-rpg', ...headers },
  })
  return { status: response.status, headers: response.headers, body: response.body ?? nothing() }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** True where the answer is what was asked for. */
export function isOk({ status }: Pick<Opened, 'status'>): boolean {
  return status >= 200 && status < 300
}

/** What a server that answered something else wants to say by it. */
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

/** Whatever kept us from an answer of `where`, as one kind of error. */
function asRequestError(where: string, error: unknown): RequestError {
  if (error instanceof RequestError) return error
  const why = error instanceof Error ? `${error.message}${causeOf(error)}` : String(error)
  return new RequestError(`${where} cannot be asked: ${why}`, { cause: error })
}

/** @throws {RequestError} also where the answer is not JSON */
export async function fetchJson(url: string, options: RequestOptions): Promise<unknown> {
  const body = await fetchBytes(url, options)
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch (error) {
    throw new RequestError(`${new URL(url).host} answered something that is not JSON`, { cause: error })
  }
}

/**
 * From a 429's headers to milliseconds: `ratelimit-reset` (epoch seconds), else `retry-after`, else a minute. What the
 * server calls now is in its own `date`; `nowMs` is ours, for a server that does not say.
 */
export function waitOf(headers: Headers, nowMs: number): number {
  const reset = Number(headers.get('ratelimit-reset'))
  const after = Number(headers.get('retry-after'))
  const said = Date.parse(headers.get('date') ?? '')
  const wait = reset > 0 ? reset * 1000 - (said || nowMs) : after > 0 ? after * 1000 : 60_000
  return Math.min(Math.max(wait, 1_000), 900_000)
}

/** @throws {RequestError} where there are more than `maxBytes` */
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
