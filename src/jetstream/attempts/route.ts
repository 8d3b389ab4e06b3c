import type { Wire } from '../wires/wire.ts'
import type { Step } from './backoff.ts'
import { type Endpoint, endpointOf, type Target } from './hosts.ts'

/** The host to try, and the wire to try there. */
export class Route {
  readonly #targets: readonly [Target, ...Target[]]
  #index = 0
  /** How many of its wires the current host has turned out not to speak. */
  #wiresTried = 0

  constructor(targets: readonly [Target, ...Target[]]) {
    this.#targets = targets
  }

  get endpoint(): Endpoint {
    return endpointOf(this.#target, this.#wire)
  }

  /** True where the current host may speak a less preferred wire than the one tried. */
  get otherWireLeft(): boolean {
    return this.#wiresTried + 1 < this.#target.wires.length
  }

  /** Takes a step. Each visit to a host begins with its best wire: the host may have been upgraded since. */
  follow(step: Step): void {
    switch (step) {
      case 'redial':
      case 'again':
        break
      case 'other-wire':
        this.#wiresTried += 1
        break
      case 'next':
        this.#index = (this.#index + 1) % this.#targets.length
        this.#wiresTried = 0
        break
    }
  }

  get #target(): Target {
    return this.#targets[this.#index] ?? this.#targets[0]
  }

  get #wire(): Wire {
    return this.#target.wires[this.#wiresTried] ?? this.#target.wires[0]
  }
}
