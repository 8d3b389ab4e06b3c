import { v1 } from './v1.ts'
import { v2 } from './v2.ts'
import type { WireList } from './wire.ts'

/** The wires that this program speaks, best first. A wire is one file beside this one and one name here. */
export const wires: WireList = [v2, v1]
