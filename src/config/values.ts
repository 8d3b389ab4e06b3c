// Parsers of settings. Each throws an error that says what it expected; the caller adds the name and value of the setting.
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { type Did, isDid, isNsid, type Nsid } from '@atcute/lexicons/syntax'
import { atHome } from '../at-home.ts'
import type { Micros } from '../atproto/event.ts'
import { microsOfDayOrTime } from '../atproto/micros.ts'
import { parseTarget } from '../jetstream/attempts/hosts.ts'
import { withoutSecrets } from './hiding.ts'

const UNITS: Readonly<Record<string, Micros>> = {
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
}

/** `90s`, `15m`, `12h`, `30d`, `250ms`. */
export function duration(text: string): Micros {
  const [, amount, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? []
  const factor = unit === undefined ? undefined : UNITS[unit]
  if (factor === undefined) throw new Error('a duration such as 250ms, 90s, 15m, 12h or 30d')
  return Number(amount) * factor
}

/** `tip`, `oldest`, or a time. */
export function start(text: string): 'tip' | 'oldest' | Micros {
  if (text === 'tip' || text === 'oldest') return text
  const at = microsOfDayOrTime(text)
  if (at === undefined) throw new Error('tip, oldest, or a time such as 2026-01-31 or 2026-01-31T12:00:00Z')
  return at
}

/** `512MB`, `2GB`, or plain bytes; powers of 1,024. */
export function bytes(text: string): number {
  const [, amount, unit] = /^(\d{1,12})(KB|MB|GB|TB)?$/i.exec(text) ?? []
  if (amount === undefined) throw new Error('a size such as 512MB or 2GB')
  const power = ['', 'KB', 'MB', 'GB', 'TB'].indexOf((unit ?? '').toUpperCase())
  return Number(amount) * 1024 ** power
}

export function port(text: string): number {
  const number = Number(text)
  if (!/^\d{1,5}$/.test(text) || number > 65_535)
    throw new Error('a port from 0 to 65535 (0 picks a free one)')
  return number
}

export function flag(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new Error('true or false')
  return text === 'true'
}

export function oneOf<const T extends string>(...words: readonly T[]): (text: string) => T {
  return (text) => {
    const word = words.find((candidate) => candidate === text)
    if (word === undefined) throw new Error(`one of ${words.join(', ')}`)
    return word
  }
}

/** An http(s) URL without user name, query and trailing slash, to append paths to. */
export function origin(text: string): string {
  const url = URL.parse(text)
  const plain = url !== null && url.username === '' && url.search === '' && url.hash === ''
  if (!plain || !/^https?:$/.test(url.protocol))
    throw new Error('an http or https address such as https://example.com')
  return url.href.replace(/\/$/, '')
}

export function jetstreamUrls(text: string): string[] {
  const expected =
    'comma-separated addresses such as wss://host, wss://host/subscribe or wss://host/xrpc/network.bsky.jetstream.subscribeEvents'
  return list(text, expected, (entry) => {
    const url = URL.parse(entry)
    if (url === null || !/^wss?:$/.test(url.protocol) || url.username !== '' || url.hash !== '')
      return undefined
    try {
      parseTarget(entry)
      return entry
    } catch {
      return undefined
    }
  })
}

/** Comma-separated DIDs, or `@file` with one a line. */
export function dids(text: string): Did[] {
  const expected = 'comma-separated DIDs, or @file with one a line'
  // `#` after white space begins a comment.
  const lines = text.startsWith('@') ? readText(text.slice(1)).split(/\r?\n/) : [text]
  const source = lines.map((line) => line.replace(/(^|\s)#.*$/, '')).join(',')
  return [...new Set(list(source, expected, (entry) => (isDid(entry) ? entry : undefined)))]
}

export function nsids(text: string): Nsid[] {
  const expected = 'comma-separated collections such as app.bsky.graph.follow'
  return [...new Set(list(text, expected, (entry) => (isNsid(entry) ? entry : undefined)))]
}

export function addresses(text: string): string[] {
  const expected = 'comma-separated IP addresses or networks such as 10.0.0.0/8'
  return list(text, expected, (entry) => {
    const [address = '', bits, ...rest] = entry.split('/')
    const version = isIP(address)
    if (version === 0 || rest.length > 0) return undefined
    // Not /0: if every client counts as a proxy, anybody can claim any address.
    const network =
      bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
    return network ? entry : undefined
  })
}

export function appview(text: string): string {
  return text === 'none' ? text : origin(text)
}

export function folder(text: string): string {
  if (text.includes('\0')) throw new Error('the path of a folder')
  return atHome(text)
}

export function shardCount(text: string): number {
  const shards = Number(text)
  if (!/^\d{1,4}$/.test(text) || shards < 1 || shards > 1_024)
    throw new Error('a whole number from 1 to 1024')
  return shards
}

export function copies(text: string): number {
  if (!/^[1-9]$/.test(text)) throw new Error('a whole number from 1 to 9')
  return Number(text)
}

export function requests(text: string): number {
  const max = Number(text)
  if (!/^\d{1,9}$/.test(text) || max === 0) throw new Error('a whole number of requests, 1 or more')
  return max
}

export function retention(text: string): number | 'forever' {
  if (text === 'forever') return text
  try {
    return duration(text)
  } catch {
    throw new Error('a duration such as 30d, or forever')
  }
}

export function host(text: string): string {
  if (!/^[\w.:-]{1,253}$/.test(text)) throw new Error('an address such as 127.0.0.1 or 0.0.0.0')
  return text
}

export function dictionary(path: string): Uint8Array {
  const file = readBytes(path)
  if (file.length < 8 || file.readUInt32LE(0) !== 0xec30a437)
    throw new Error(`a zstd dictionary (${path} is not one)`)
  return new Uint8Array(file)
}

export function token(text: string): string {
  if (text.length < 16) throw new Error('at least 16 characters')
  return text
}

export function line(text: string): string {
  if (text.length > 200 || /\p{Cc}/u.test(text)) throw new Error('one line of at most 200 characters')
  return text
}

/** The text of a file, without a byte order mark. */
export function readText(path: string): string {
  return readBytes(path)
    .toString('utf8')
    .replace(/^\ufeff/, '')
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(atHome(path))
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw new Error(`a readable file (${path}: ${why})`)
  }
}

function list<T>(text: string, expected: string, read: (entry: string) => T | undefined): T[] {
  const entries = text.split(',').map((entry) => entry.trim())
  const values: T[] = []
  for (const entry of entries) {
    if (entry === '' || entry.startsWith('#')) continue
    const value = read(entry)
    if (value === undefined)
      throw new Error(`${expected}; ${JSON.stringify(withoutSecrets(entry))} is not one`)
    values.push(value)
  }
  if (values.length === 0) throw new Error(expected)
  return values
}
