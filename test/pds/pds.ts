// A real personal data server for tests, in a process of its own; see server.js.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Did, Handle, Nsid, RecordKey, Tid } from '@atcute/lexicons/syntax'

const SERVER = fileURLToPath(new URL('server.js', import.meta.url))
const INSTALLED = new URL('node_modules/@atproto/dev-env/package.json', import.meta.url)
const PASSWORD = 'a password of no worth'

/**
 * Why tests with a real server are skipped, or false where they can run. In CI they always run, and fail where the server is not
 * installed: see .ci/run for how.
 */
export const pdsMissing: string | false =
  existsSync(INSTALLED) || process.env.CI !== undefined
    ? false
    : 'test/pds is not installed; see CONTRIBUTING.md'

/** An account of the server. */
export type Account = { did: Did; handle: Handle; password: string; token: string }

/** A record as it was written, with the revision of its commit. */
export type Written = { uri: string; cid: string; collection: Nsid; rkey: RecordKey; rev: Tid }

/** A running server. */
export class Pds implements AsyncDisposable {
  readonly url: string
  readonly plcUrl: string
  readonly #end: () => Promise<void>

  private constructor({ pds, plc }: { pds: string; plc: string }, end: () => Promise<void>) {
    this.url = pds
    this.plcUrl = plc
    this.#end = end
  }

  /** @param found has it find the https origin `at` at the http origin `served` */
  static async start(found?: { at: string; served: string }): Promise<Pds> {
    const args = found === undefined ? [] : [found.at, found.served]
    const child = spawn(process.execPath, [SERVER, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = once(child, 'close')
    const lines = createInterface(child.stdout)
    // It also logs to its output; the line with both URLs is its last before it waits.
    for await (const line of lines) {
      if (!line.startsWith('{"pds"')) continue
      child.stdout.resume()
      return new Pds(JSON.parse(line), async () => {
        child.stdin.end()
        await ended
      })
    }
    throw new Error('the personal data server has ended before it was up')
  }

  async createAccount(name: string): Promise<Account> {
    const handle = `${name}.test` as Handle
    const account = { handle, email: `${name}@mail.test`, password: PASSWORD }
    const made = await this.#call('com.atproto.server.createAccount', { body: account })
    return { did: made.did as Did, handle, password: PASSWORD, token: String(made.accessJwt) }
  }

  async createRecord(account: Account, collection: Nsid, record: object): Promise<Written> {
    const body = { repo: account.did, collection, record: { $type: collection, ...record } }
    const { uri, cid, commit } = await this.#call('com.atproto.repo.createRecord', { account, body })
    const rkey = String(uri).slice(String(uri).lastIndexOf('/') + 1)
    return { uri: String(uri), cid: String(cid), collection, rkey, rev: (commit as { rev: Tid }).rev }
  }

  async deleteRecord(account: Account, { collection, rkey }: Written): Promise<{ rev: Tid }> {
    const body = { repo: account.did, collection, rkey }
    const { commit } = await this.#call('com.atproto.repo.deleteRecord', { account, body })
    return commit as { rev: Tid }
  }

  /** Uploads a picture to be embedded in a post. */
  async uploadPicture(account: Account, bytes: Uint8Array, type = 'image/png'): Promise<object> {
    const { blob } = await this.#call('com.atproto.repo.uploadBlob', { account, bytes, type })
    return blob as object
  }

  async #call(
    method: string,
    input: { account?: Account; body?: object; bytes?: Uint8Array; type?: string },
  ): Promise<Record<string, unknown>> {
    const { account, body, bytes, type = 'application/json' } = input
    const response = await fetch(`${this.url}/xrpc/${method}`, {
      method: 'POST',
      headers: {
        'content-type': type,
        ...(account === undefined ? {} : { authorization: `Bearer ${account.token}` }),
      },
      body: bytes === undefined ? JSON.stringify(body) : new Uint8Array(bytes),
    })
    const answer = (await response.json()) as Record<string, unknown>
    if (!response.ok) throw new Error(`${method} answered ${response.status}: ${JSON.stringify(answer)}`)
    return answer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end()
  }
}
