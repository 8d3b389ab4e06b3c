// Style sheets, scripts, fonts and pictures of the pages. Each is read and compressed once, and its address names its content,
// so browsers keep it for good.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { brotliCompressSync, gzipSync } from 'node:zlib'

export type Asset = {
  /** `/assets/base.1a2b3c4d.css` */
  address: string
  type: string
  bytes: Buffer
  /** `undefined` for formats that are compressed already. */
  compressed: { br: Buffer; gzip: Buffer } | undefined
}

const FOLDER = new URL('./assets/', import.meta.url)
/** The same fonts as in cards. */
const FONTS = new URL('../pictures/fonts/alegreya/', import.meta.url)

/** All files, those first that others name. */
const FILES = [
  'alegreya-latin-700-normal.woff2',
  'alegreya-latin-ext-700-normal.woff2',
  'alegreya-cyrillic-700-normal.woff2',
  'alegreya-greek-700-normal.woff2',

  'mark.svg',
  'theme.css',
  'base.css',
  'home.css',
  'boards.css',
  'sheet.css',
  'chart.css',
  'status.css',
  'share.css',
  'prose.css',
  'own.css',
  'import.css',
  'suggest.js',
  'live.js',
  'share.js',
  'import.js',
] as const

export type AssetName = (typeof FILES)[number]

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
}

const byName = new Map<string, Asset>()
for (const name of FILES) byName.set(name, read(name))

/** All assets by the last part of their addresses. */
export const ASSETS: ReadonlyMap<string, Asset> = new Map(
  [...byName.values()].map((asset) => [asset.address.replace(/^.*\//, ''), asset]),
)

/** The style sheet of /docs, whose page takes it as text. */
export const DOCS_CSS = withAddresses(readFileSync(new URL('docs.css', FOLDER), 'utf8'))

export function addressOf(name: AssetName): string {
  return (byName.get(name) as Asset).address
}

function read(name: AssetName): Asset {
  const [, stem = '', suffix = ''] = /^(.+)\.(\w+)$/.exec(name) ?? []
  const file = readFileSync(new URL(name, suffix === 'woff2' ? FONTS : FOLDER))
  const bytes = suffix === 'css' ? Buffer.from(withAddresses(file.toString())) : file
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 10)
  return {
    address: `/assets/${stem}.${hash}.${suffix}`,
    type: TYPES[suffix] ?? 'application/octet-stream',
    bytes,
    compressed: suffix === 'woff2' ? undefined : { br: brotliCompressSync(bytes), gzip: gzipSync(bytes) },
  }
}

/** A style sheet with the addresses of the files that it names. */
function withAddresses(css: string): string {
  return css.replaceAll(/url\("([^"]+)"\)/g, (whole, name: string) => {
    const named = byName.get(name)
    return named === undefined ? whole : `url("${named.address}")`
  })
}
