import type { Did } from '../../src/atproto/event.ts'
import type { PendingSignIn, Sessions, SignedIn } from '../../src/store/sessions.ts'
import type { Memory } from './memory.ts'

/** Sessions in memory, which live as long as the ledger. */
export class MemorySessions implements Sessions {
  readonly #memory: Memory

  constructor(memory: Memory) {
    this.#memory = memory
  }

  async signIn(session: SignedIn): Promise<void> {
    this.#memory.signedIn.set(`${session.did} ${session.id}`, session)
  }

  async isSignedIn(did: Did, id: string, now: number): Promise<boolean> {
    const session = this.#memory.signedIn.get(`${did} ${id}`)
    return session !== undefined && session.until > now
  }

  async signOut(did: Did, id: string): Promise<void> {
    this.#memory.signedIn.delete(`${did} ${id}`)
  }

  async signOutEverywhere(did: Did): Promise<void> {
    for (const [name, session] of this.#memory.signedIn)
      if (session.did === did) this.#memory.signedIn.delete(name)
  }

  async begin(pending: PendingSignIn): Promise<void> {
    this.#memory.pending.set(pending.id, pending)
  }

  async finish(id: string, now: number): Promise<string | undefined> {
    const pending = this.#memory.pending.get(id)
    this.#memory.pending.delete(id)
    return pending !== undefined && pending.until > now ? pending.text : undefined
  }

  async key(make: () => Promise<string>): Promise<string> {
    const made = this.#memory.key ?? (await make())
    this.#memory.key ??= made
    return this.#memory.key
  }
}
