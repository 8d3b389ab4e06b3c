import { type Endpoint, endpointOf, type Target } from './hosts.ts'
import type { GapReason, Place } from './observer.ts'

/** Which endpoint is next, and what earlier attempts have taught about the place to ask for. */
export class Route {
  readonly #targets: readonly [Target, ...Target[]]
  #target = 0
  #wire = 0
  /** Hosts and wires that do not know our place: they are asked by time. */
  readonly #lost = new Set<string>()
  #oversized = 0
  #suspicion: GapReason | undefined

  constructor(targets: readonly [Target, ...Target[]]) {
    this.#targets = targets
  }

  get endpoint(): Endpoint {
    const target = this.#targets[this.#target] ?? this.#targets[0]
    return endpointOf(target, target.wires[this.#wire] ?? target.wires[0])
  }

  get olderWireLeft(): boolean {
    return this.#wire + 1 < (this.#targets[this.#target]?.wires.length ?? 0)
  }

  /** What may have been missed, to be told with the next events. */
  get suspicion(): GapReason | undefined {
    return this.#suspicion
  }

  /** How many times running this place has ended in a frame too large to take. */
  get oversizedTimes(): number {
    return this.#oversized
  }

  isLost(place: Place): boolean {
    return this.#lost.has(keyOf(place))
  }

  /** The host does not know our place there, because of `reason`. */
  lose(place: Place, reason: GapReason): void {
    this.#lost.add(keyOf(place))
    this.#suspicion = reason
  }

  meetOversized(): void {
    this.#oversized += 1
    this.#suspicion = 'oversized'
  }

  /** Events have come: what went wrong on the way here is over. */
  arrive(): void {
    this.#lost.clear()
    this.#oversized = 0
    this.#suspicion = undefined
  }

  takeOlderWire(): void {
    this.#wire += 1
  }

  takeNextHost(): void {
    this.#target = (this.#target + 1) % this.#targets.length
    this.#wire = 0
  }
}

function keyOf({ host, wire }: Place): string {
  return `${wire} ${host}`
}
