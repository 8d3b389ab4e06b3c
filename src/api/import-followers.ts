import type { ServerResponse } from 'node:http'
import type { Did } from '@atcute/lexicons/syntax'
import { type ImportState, isUnderWay } from './import-state.ts'

/** A client with more unread bytes than this does not read: it is disconnected. */
const MAX_WAITING_BYTES = 16_384

export type ImportFollowersOptions = {
  state: (did: Did) => Promise<ImportState | undefined>
  /** What is sent about an import. */
  present: (did: Did, state: ImportState) => object
  onError: (error: unknown) => void
  /** Pause between two looks at an import that somebody follows. */
  pollMs: number
  /** A client that was sent nothing for this long is sent a comment. */
  heartbeatMs: number
}

type Followed = {
  responses: Set<ServerResponse>
  sent: string
  quietMs: number
  timer: NodeJS.Timeout | undefined
}

/** Sends how far imports are to those who follow them, by server-sent events, and ends the connection with each import. */
export class ImportFollowers {
  readonly #options: ImportFollowersOptions
  readonly #followed = new Map<Did, Followed>()
  #isClosed = false

  constructor(options: ImportFollowersOptions) {
    this.#options = options
  }

  /** Sends `state`, and what follows it, to a client whose headers are written. */
  add(did: Did, state: ImportState, response: ServerResponse): void {
    if (response.destroyed) return
    const text = this.#textOf(did, state)
    response.write(text)
    // A server that ends still answers those who came before: it would wait for them, and they for it.
    if (this.#isClosed || !isUnderWay(state)) {
      response.end()
      return
    }
    const followed = this.#followed.get(did) ?? this.#begin(did, text)
    followed.responses.add(response)
    const leave = (): void => {
      followed.responses.delete(response)
      if (followed.responses.size === 0) this.#end(did, followed)
    }
    response.on('close', leave)
    // Writes to a client that has just left may fail; nothing is lost.
    response.on('error', leave)
  }

  /** Lets everybody go, and those who are added later at once. */
  close(): void {
    this.#isClosed = true
    for (const [did, followed] of this.#followed) this.#end(did, followed)
  }

  #begin(did: Did, sent: string): Followed {
    const followed: Followed = { responses: new Set(), sent, quietMs: 0, timer: undefined }
    this.#followed.set(did, followed)
    this.#wait(did, followed)
    return followed
  }

  #wait(did: Did, followed: Followed): void {
    followed.timer = setTimeout(() => void this.#look(did, followed), this.#options.pollMs)
  }

  async #look(did: Did, followed: Followed): Promise<void> {
    const { state: stateOf, pollMs, heartbeatMs, onError } = this.#options
    try {
      const state = await stateOf(did)
      if (state !== undefined) {
        const text = this.#textOf(did, state)
        followed.quietMs = text === followed.sent ? followed.quietMs + pollMs : 0
        if (text !== followed.sent) write(followed, text)
        else if (followed.quietMs >= heartbeatMs) {
          followed.quietMs = 0
          write(followed, ':\n\n')
        }
        followed.sent = text
      }
      if (state === undefined || !isUnderWay(state)) this.#end(did, followed)
    } catch (error) {
      // The next look tries again.
      onError(error)
    }
    if (this.#followed.get(did) === followed) this.#wait(did, followed)
  }

  #end(did: Did, followed: Followed): void {
    clearTimeout(followed.timer)
    if (this.#followed.get(did) === followed) this.#followed.delete(did)
    for (const response of followed.responses) response.end()
    followed.responses.clear()
  }

  #textOf(did: Did, state: ImportState): string {
    return `event: progress\ndata: ${JSON.stringify(this.#options.present(did, state))}\n\n`
  }
}

function write({ responses }: Followed, text: string): void {
  for (const response of responses) {
    if (response.writableLength > MAX_WAITING_BYTES) response.destroy()
    else response.write(text)
  }
}
