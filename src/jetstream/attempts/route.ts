import type { Wire } from '../wires/wire.ts'
import type { Step } from './backoff.ts'
import { type Endpoint, endpointOf, type Target } from './hosts.ts'

/** Which host of the list is tried, and which wire there. */
export class Route {
  readonly #targets: readonly [Target, ...Target[]]
  #at = 0
  /** Wires that the host at hand was found not to speak. */
  #tried = 0

  constructor(targets: readonly [Target, ...Target[]]) {
    this.#targets = targets
  }

  get endpoint(): Endpoint {
    return endpointOf(this.#target, this.#wire)
  }

  /** True when the host at hand may speak a less preferred wire than the one tried. */
  get otherWireLeft(): boolean {
    return this.#tried + 1 < this.#target.wires.length
  }

  /** A host that is come back to is tried with its best wire again: it may have been renewed. */
  follow(step: Step): void {
    switch (step) {
      case 'redial':
      case 'again':
        break
      case 'other-wire':
        this.#tried += 1
        break
      case 'next':
        this.#at = (this.#at + 1) % this.#targets.length
        this.#tried = 0
        break
    }
  }

  get #target(): Target {
    return this.#targets[this.#at] ?? this.#targets[0]
  }

  get #wire(): Wire {
    return this.#target.wires[this.#tried] ?? this.#target.wires[0]
  }
}
