import { readFile } from 'node:fs/promises'
import type { Node, Renderer } from '@takumi-rs/core'
import { type Card, type CardStyle, cardInWords, type Portrait, SIZES } from './card.ts'
import { cardNodes } from './card-layout.ts'
import { type Face, fileOf, ownFaces } from './faces.ts'
import { facesFor, familiesFor, type Voice } from './stack.ts'

export type CardFormat = 'png' | 'svg'

/** Decoded portraits and the like that the library keeps. Each portrait is drawn a few times at most. */
const MAX_CACHED_BYTES = 8 * 2 ** 20

/** Names the one image of a picture for the library. */
const SOURCE = 'image'
const WEBP_QUALITY = 82

/** Cards cannot be drawn on this machine. */
export class NoRendererError extends Error {
  override name = 'NoRendererError'
}

/** Draws cards. Fonts are read when the first text needs them, and stay: 40 MB if texts of all scripts come. */
export class CardRenderer {
  #renderer: Promise<Renderer> | undefined
  readonly #registered = new Map<Face, Promise<unknown>>()

  /**
   * Draws in threads of its own: the caller's is busy for some two milliseconds.
   * @throws {NoRendererError} where the library has no build for this machine
   */
  async draw(card: Card, style: CardStyle, format: CardFormat, portrait: Portrait): Promise<Buffer> {
    const nodes = cardNodes(card, style, portrait)
    const needed = new Set<Face>()
    setFonts(nodes, needed)
    this.#renderer ??= openRenderer()
    const renderer = await this.#renderer
    await Promise.all(Array.from(needed, (face) => this.#register(renderer, face)))
    const size = SIZES[style.size]
    if (format === 'png') return renderer.render(nodes, { ...size, format: 'png' })
    return Buffer.from(withWords(await renderer.renderSvg(nodes, size), card))
  }

  /**
   * Draws `image`, a JPEG, PNG or WebP, as a WebP of `side` by `side` pixels; what does not fit is cut off.
   * @throws {NoRendererError}
   * @throws where it cannot be decoded
   */
  async square(image: Buffer, side: number): Promise<Buffer> {
    this.#renderer ??= openRenderer()
    const renderer = await this.#renderer
    const node: Node = {
      type: 'image',
      src: SOURCE,
      width: side,
      height: side,
      style: { objectFit: 'cover' },
    }
    const images = [{ src: SOURCE, data: image, cache: 'none' as const }]
    return renderer.render(node, { width: side, height: side, format: 'webp', quality: WEBP_QUALITY, images })
  }

  #register(renderer: Renderer, face: Face): Promise<unknown> {
    let registered = this.#registered.get(face)
    if (registered === undefined) {
      registered = register(renderer, face)
      this.#registered.set(face, registered)
      // The next text that needs it tries again.
      registered.catch(() => this.#registered.delete(face))
    }
    return registered
  }
}

/** Loads the library at the first card: a machine for which it has no build goes without cards, and with all else. */
async function openRenderer(): Promise<Renderer> {
  try {
    const library = await import('@takumi-rs/core')
    return new library.Renderer({ cacheMaxBytes: MAX_CACHED_BYTES })
  } catch (cause) {
    throw new NoRendererError('@takumi-rs/core has no build for this machine, or was not installed', {
      cause,
    })
  }
}

async function register(renderer: Renderer, face: Face): Promise<void> {
  const { family: name, weight, ranges } = face
  const unicodeRange: [number, number][] = []
  for (let at = 0; at < ranges.length; at += 2) unicodeRange.push([ranges[at] ?? 0, ranges[at + 1] ?? 0])
  await renderer.registerFont({ name, weight, data: await readFile(fileOf(face)), unicodeRange })
}

/** Gives each text its families, and adds their files to `needed`. */
function setFonts(node: Node, needed: Set<Face>): void {
  if (node.type === 'container') for (const child of node.children ?? []) setFonts(child, needed)
  if (node.type !== 'text') return
  const faces = ownFaces()
  const families = familiesFor(node.text, node.className as Voice, faces)
  for (const face of facesFor(node.text, families, faces)) needed.add(face)
  node.style = { ...node.style, fontFamily: families.map((family) => `'${family}'`).join(', ') }
}

/** The library draws text as shapes: adds what they say, for screen readers. */
function withWords(svg: string, card: Card): string {
  const { title, description } = cardInWords(card)
  return svg.replace(
    /^(<svg\b[^>]*)>/,
    (_, start: string) =>
      `${start} role="img"><title>${escaped(title)}</title><desc>${escaped(description)}</desc>`,
  )
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
