// What a card costs: time until it is drawn, processor time of all threads, and time of the thread that serves requests.
import type { Card, CardSize } from '../src/pictures/card.ts'
import { drawable } from '../src/pictures/drawable.ts'
import { ownFaces } from '../src/pictures/faces.ts'
import { type CardFormat, CardRenderer } from '../src/pictures/renderer.ts'
import { avatarOf } from '../src/simulator/avatar.ts'
import { median } from './median.ts'
import type { Row } from './table.ts'

const CARDS = 60
const SCRIPTS = 'Ann Юлия さくら 안녕 国学 مرحبا שלום สวัสดี नमस्ते 🦋'

type Kind = { name: string; shown: string; size: CardSize; format: CardFormat; portrait: boolean }

const KINDS: readonly Kind[] = [
  { name: 'large card with avatar, PNG', shown: 'Cedar Dale', size: 'large', format: 'png', portrait: true },
  { name: 'with initials', shown: 'Cedar Dale', size: 'large', format: 'png', portrait: false },
  { name: 'with a name in ten scripts', shown: SCRIPTS, size: 'large', format: 'png', portrait: true },
  { name: 'as SVG', shown: 'Cedar Dale', size: 'large', format: 'svg', portrait: true },
  {
    name: 'compact card with avatar, PNG',
    shown: 'Cedar Dale',
    size: 'compact',
    format: 'png',
    portrait: true,
  },
]

export async function benchCards(): Promise<Row[]> {
  const renderer = new CardRenderer()
  const portrait = await renderer.square(avatarOf({ index: 1 }), 256)
  const rows: Row[] = []
  for (const kind of KINDS) rows.push(await measured(renderer, kind, portrait))
  return rows
}

async function measured(renderer: CardRenderer, kind: Kind, portrait: Buffer): Promise<Row> {
  const name = drawable(kind.shown, ownFaces())
  const [taken, processor, serving]: number[][] = [[], [], []]
  let bytes = 0
  for (let n = 0; n < CARDS + 5; n++) {
    const [began, cpu, thread] = [performance.now(), process.cpuUsage(), process.threadCpuUsage()]
    // Each card another one, so that nothing of it is drawn already.
    const card = { ...CARD, name, experience: 5_790 + n, progress: n }
    const style = { theme: 'night', size: kind.size } as const
    const drawn = await renderer.draw(card, style, kind.format, kind.portrait ? portrait : undefined)
    const [all, own] = [process.cpuUsage(cpu), process.threadCpuUsage(thread)]
    // The first ones read fonts.
    if (n < 5) continue
    bytes = drawn.length
    taken?.push(performance.now() - began)
    processor?.push((all.user + all.system) / 1_000)
    serving?.push((own.user + own.system) / 1_000)
  }
  const ms = (values: readonly number[] = []): string => `${median(values).toFixed(1)} ms`
  return {
    name: kind.name,
    value: ms(taken),
    note: `processor ${ms(processor)}, of it the serving thread ${ms(serving)}; ${Math.round(bytes / 1_000)} KB`,
  }
}

const CARD: Card = {
  name: '',
  handle: '@cedar.example',
  title: 'Bard',
  tier: 4,
  level: 58,
  experience: 0,
  missing: 60,
  progress: 0,
  figures: ['Voice', 'Clarity', 'Warmth', 'Echo'].map((name, index) => ({ name, value: 9 + index })),
  rank: { position: 412, of: 3_905 },
  site: 'rpg.example',
}
