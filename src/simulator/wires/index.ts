import { v1 } from './v1.ts'
import { v2 } from './v2.ts'
import type { SimulatedWire } from './wire.ts'

/** The wires that the simulator speaks. A wire is one file beside this one and one name here. */
export const simulatedWires: readonly SimulatedWire[] = [v1, v2]
