import { crc32, deflateSync } from 'node:zlib'
import type { Person } from './people.ts'
import { Random } from './random.ts'

type Colour = readonly [red: number, green: number, blue: number]

const SIDE = 128
/** Every so many people have no avatar. */
const WITHOUT_EVERY = 9

const SKIES: readonly (readonly [Colour, Colour])[] = [
  [
    [91, 167, 217],
    [41, 75, 125],
  ],
  [
    [240, 178, 106],
    [166, 76, 74],
  ],
  [
    [126, 190, 140],
    [34, 92, 92],
  ],
  [
    [186, 150, 222],
    [84, 58, 134],
  ],
  [
    [238, 160, 170],
    [128, 62, 112],
  ],
  [
    [236, 208, 120],
    [150, 104, 40],
  ],
]
const FACES: readonly Colour[] = [
  [255, 219, 187],
  [222, 174, 132],
  [176, 124, 88],
  [120, 80, 58],
]
const CLOTHES: readonly Colour[] = [
  [233, 226, 210],
  [52, 62, 82],
  [196, 92, 76],
  [84, 132, 108],
]

/** True for people who have an avatar. */
export function hasAvatar({ index }: Pick<Person, 'index'>): boolean {
  return index % WITHOUT_EVERY !== WITHOUT_EVERY - 1
}

/** A person's avatar as a PNG, the same each time: a head and shoulders before a sky. */
export function avatarOf({ index }: Pick<Person, 'index'>): Buffer {
  const random = new Random(index ^ 0x51ed270b)
  const [top, bottom] = random.pick(SKIES)
  const [face, clothes] = [random.pick(FACES), random.pick(CLOTHES)]
  const rows = Buffer.alloc(SIDE * (1 + SIDE * 3))
  let at = 0
  for (let y = 0; y < SIDE; y++) {
    rows[at++] = 0
    for (let x = 0; x < SIDE; x++) {
      const sky = mixed(bottom, top, y / SIDE)
      const body = mixed(clothes, sky, inside(x - 64, (y - 132) * 0.9, 44))
      for (const channel of mixed(face, body, inside(x - 64, y - 54, 24))) rows[at++] = Math.round(channel)
    }
  }
  return png(rows)
}

/** 1 inside a circle around the origin, 0 outside, in between on its edge. */
function inside(x: number, y: number, radius: number): number {
  return Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(x, y)))
}

function mixed(over: Colour, under: Colour, share: number): Colour {
  const channel = (place: 0 | 1 | 2): number => over[place] * share + under[place] * (1 - share)
  return [channel(0), channel(1), channel(2)]
}

function png(rows: Buffer): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(SIDE, 0)
  header.writeUInt32BE(SIDE, 4)
  header.set([8, 2], 8)
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND')])
}

function chunk(type: string, content = Buffer.alloc(0)): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const framed = Buffer.alloc(named.length + 8)
  framed.writeUInt32BE(content.length, 0)
  named.copy(framed, 4)
  framed.writeUInt32BE(crc32(named), named.length + 4)
  return framed
}
