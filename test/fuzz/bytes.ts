// Changes to bytes and to JSON that a stranger might make, for all fuzzers.
import fc from 'fast-check'

/** A change to bytes at a place that is counted modulo their length. */
export type ByteChange = {
  how: 'flip' | 'set' | 'insert' | 'remove' | 'cut' | 'repeat'
  at: number
  byte: number
  length: number
}

export const byteChange: fc.Arbitrary<ByteChange> = fc.record({
  how: fc.constantFrom('flip', 'set', 'insert', 'remove', 'cut', 'repeat'),
  at: fc.nat(),
  // Those that lengths, types and UTF-8 turn on come often.
  byte: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0x9f, 0xbf, 0xc0, 0xed, 0xff), fc.nat({ max: 255 })),
  length: fc.integer({ min: 1, max: 64 }),
})

export function changeBytes(bytes: Buffer, { how, at, byte, length }: ByteChange): Buffer {
  const from = bytes.length === 0 ? 0 : at % bytes.length
  const [before, rest] = [bytes.subarray(0, from), bytes.subarray(from)]
  switch (how) {
    case 'flip':
      return Buffer.concat([before, Buffer.of((rest[0] ?? 0) ^ (byte || 1)), rest.subarray(1)])
    case 'set':
      return Buffer.concat([before, Buffer.of(byte), rest.subarray(1)])
    case 'insert':
      return Buffer.concat([before, Buffer.alloc(length, byte), rest])
    case 'remove':
      return Buffer.concat([before, rest.subarray(length)])
    case 'cut':
      return before
    case 'repeat':
      return Buffer.concat([before, rest.subarray(0, length), rest])
  }
}

const DEEP = 20_000

/** JSON texts that a reader may stumble over. */
const hostileJson: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...['null', 'true', '[]', '{}', '0', '-0', '-1', '1.5', '1e15', '1e999', '-1e999', '9007199254740993'],
    ...['""', '"\\u0000"', '"\\ud800"', '"__proto__"', '"constructor"', '"did:plc:"', '"did:web:localhost"'],
    ...['"9999-12-31T23:59:59.999999Z"', '"-000001-01-01T00:00:00Z"', '"2026-02-30T00:00:00Z"'],
    ...['{"__proto__":{"a":1}}', '{"length":4294967295}', '{"toString":1,"valueOf":1}', '[[[[1]]]]'],
    `"${'x'.repeat(100_000)}"`,
    `"${'\\ud83d\\ude00'.repeat(5_000)}"`,
    '['.repeat(DEEP) + ']'.repeat(DEEP),
    `${'{"media":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`,
  ),
  fc.json(),
)

/** A value to put at a place, which is counted modulo the number of all values of a JSON text. */
export type ValueChange = { at: number; json: string }

export const valueChange: fc.Arbitrary<ValueChange> = fc.record({ at: fc.nat(), json: hostileJson })

/** The JSON text `text` with other values at some places. */
export function changeValues(text: string, changes: readonly ValueChange[]): string {
  const parsed: unknown = JSON.parse(text)
  const places: [holder: Record<string, unknown>, key: string][] = []
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const holder = value as Record<string, unknown>
    for (const key of Object.keys(holder)) {
      places.push([holder, key])
      walk(holder[key])
    }
  }
  walk(parsed)
  // Marks first, since what takes their place may be too deep to walk, and no value of JavaScript's.
  for (const [index, { at }] of changes.entries()) {
    const [holder, key] = places[at % places.length] ?? []
    if (holder !== undefined && key !== undefined) holder[key] = `\u0001${index}`
  }
  return JSON.stringify(parsed).replaceAll(
    /"\\u0001(\d+)"/g,
    (_mark, index) => changes[index]?.json ?? 'null',
  )
}
