// How a card is laid out. Text is drawn as it is: nothing has to be escaped.
import type { ContainerNode, ImageNode, Node, TextNode } from '@takumi-rs/core'
import { type Card, type CardStyle, count, type Portrait } from './card.ts'
import { initials } from './drawable.ts'
import { type Theme, themes, tierColour } from './themes.ts'

/** Styles of a node, as CSS properties in camel case. */
type Style = NonNullable<Node['style']>

const SERIF = 'serif'
const SANS = 'sans'

/** The nodes of a card. Every text node is of the class `serif` or `sans`. */
export function cardNodes(card: Card, { theme, size }: CardStyle, portrait: Portrait): ContainerNode {
  const colours = themes[theme]
  const tier = tierColour(theme, card.tier)
  const look: Look = { colours, tier, portrait }
  return size === 'large' ? large(card, look) : compact(card, look)
}

type Look = { colours: Theme; tier: string; portrait: Portrait }

function large(card: Card, look: Look): ContainerNode {
  const { colours, tier } = look
  const next =
    card.missing === 0 ? 'the highest level' : `${count(card.missing)} XP to level ${count(card.level + 1)}`
  return box(
    { width: 1200, height: 630, padding: 24, background: colours.background(tier), color: colours.ink },
    [
      box(
        {
          flexDirection: 'column',
          flex: 1,
          border: `2px solid ${tier}59`,
          borderRadius: 28,
          padding: '28px 56px 36px 56px',
        },
        [
          box({ justifyContent: 'flex-end' }, [
            line(SANS, card.site, { fontSize: 21, color: colours.soft, lineHeight: 1.3 }),
          ]),
          box({ flex: 1, alignItems: 'center', gap: 56 }, [
            box({ flexDirection: 'column', alignItems: 'center', width: 268, flexShrink: 0 }, [
              ring(card, look, { outer: 264, stroke: 15, initials: 88 }),
              level(card, look),
            ]),
            box({ flexDirection: 'column', flex: 1, minWidth: 0 }, [
              line(SERIF, card.title, { fontSize: 38, color: tier, lineHeight: 1.25 }),
              line(SERIF, card.name, { fontSize: 78, lineHeight: 1.3, marginTop: -2 }),
              line(SANS, card.handle, { fontSize: 29, color: colours.soft, lineHeight: 1.3 }),
              bar(card, look, { height: 24, marginTop: 30 }),
              box({ justifyContent: 'space-between', marginTop: 12 }, [
                line(SERIF, `${count(card.experience)} XP`, { fontSize: 34, lineHeight: 1.3 }),
                line(SANS, next, { fontSize: 26, color: colours.soft, lineHeight: 1.7 }),
              ]),
            ]),
          ]),
          box({ justifyContent: 'space-between', alignItems: 'flex-end', marginTop: 24 }, [
            ...card.figures.map(({ name, value }, index) =>
              figure(count(value), name, colours.figures[index % 4] ?? colours.ink, colours),
            ),
            ...(card.rank === undefined
              ? []
              : [figure(`#${count(card.rank.position)}`, `of ${count(card.rank.of)}`, colours.ink, colours)]),
          ]),
        ],
      ),
    ],
  )
}

function compact(card: Card, look: Look): ContainerNode {
  const { colours, tier } = look
  return box(
    {
      width: 480,
      height: 160,
      padding: '14px 22px',
      gap: 20,
      alignItems: 'center',
      background: colours.background(tier),
      color: colours.ink,
    },
    [
      ring(card, look, { outer: 112, stroke: 8, initials: 36 }),
      box({ flexDirection: 'column', flex: 1, minWidth: 0 }, [
        line(SERIF, card.name, { fontSize: 30, lineHeight: 1.25 }),
        line(SANS, card.handle, { fontSize: 14, color: colours.soft, lineHeight: 1.3 }),
        box({ justifyContent: 'space-between', alignItems: 'flex-end', gap: 12, marginTop: 4 }, [
          line(SERIF, `Level ${count(card.level)} ${card.title}`, {
            fontSize: 20,
            color: tier,
            lineHeight: 1.3,
          }),
          ...(card.rank === undefined
            ? []
            : [
                line(SERIF, `#${count(card.rank.position)}`, {
                  fontSize: 18,
                  lineHeight: 1.4,
                  flexShrink: 0,
                }),
              ]),
        ]),
        bar(card, look, { height: 9, marginTop: 4 }),
        box({ justifyContent: 'space-between', marginTop: 5, gap: 12 }, [
          line(SANS, `${count(card.experience)} XP`, { fontSize: 13, lineHeight: 1.3, flexShrink: 0 }),
          line(SANS, card.site, { fontSize: 13, color: colours.soft, lineHeight: 1.3 }),
        ]),
      ]),
    ],
  )
}

/** Overlaps the ring above it. */
function level(card: Card, { colours, tier }: Look): ContainerNode {
  return box(
    {
      position: 'relative',
      marginTop: -36,
      background: tier,
      color: colours.onTier,
      borderRadius: 40,
      padding: '8px 26px',
      maxWidth: '100%',
    },
    [line(SERIF, `Level ${count(card.level)}`, { fontSize: 36, lineHeight: 1.2 })],
  )
}

/** A round portrait, and around it how much of the level is done. */
function ring(
  { name, progress }: Card,
  { colours, tier, portrait }: Look,
  { outer, stroke, initials: fontSize }: { outer: number; stroke: number; initials: number },
): ContainerNode {
  const inner = outer - 2 * stroke - Math.round(stroke * 0.9)
  const centred: Style = {
    position: 'absolute',
    left: (outer - inner) / 2,
    top: (outer - inner) / 2,
    width: inner,
    height: inner,
  }
  const face: Node =
    portrait === undefined
      ? box(
          {
            ...centred,
            borderRadius: inner / 2,
            background: colours.track,
            alignItems: 'center',
            justifyContent: 'center',
          },
          [line(SERIF, initials(name), { fontSize, lineHeight: 1.2, color: tier })],
        )
      : picture(portrait, inner, { ...centred, borderRadius: inner / 2, objectFit: 'cover' })
  return box({ position: 'relative', width: outer, height: outer, flexShrink: 0 }, [
    picture(ringSvg(outer, stroke, progress, tier, colours.track), outer, {
      position: 'absolute',
      left: 0,
      top: 0,
    }),
    face,
  ])
}

function ringSvg(outer: number, stroke: number, progress: number, colour: string, track: string): Uint8Array {
  const [middle, radius] = [outer / 2, (outer - stroke) / 2]
  const length = 2 * Math.PI * radius
  const circle = (attributes: string): string =>
    `<circle cx="${middle}" cy="${middle}" r="${radius}" fill="none" stroke-width="${stroke}" ${attributes}/>`
  const done = (length * progress) / 100
  const arc =
    progress <= 0
      ? ''
      : circle(
          `stroke="${colour}" stroke-linecap="round" stroke-dasharray="${done.toFixed(1)} ${length.toFixed(1)}" transform="rotate(-90 ${middle} ${middle})"`,
        )
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${outer}" height="${outer}" viewBox="0 0 ${outer} ${outer}">${circle(`stroke="${track}"`)}${arc}</svg>`,
  )
}

function bar(
  { progress }: Card,
  { colours, tier }: Look,
  { height, marginTop }: { height: number; marginTop: number },
): ContainerNode {
  return box({ height, marginTop, borderRadius: height / 2, background: colours.track }, [
    box(
      {
        width: `${Math.max(progress, 0)}%`,
        minWidth: progress > 0 ? height : 0,
        height,
        borderRadius: height / 2,
        background: `linear-gradient(90deg, ${colours.barFrom}, ${tier})`,
      },
      [],
    ),
  ])
}

function figure(value: string, name: string, color: string, { soft }: Theme): ContainerNode {
  return box({ flexDirection: 'column', alignItems: 'center', minWidth: 130 }, [
    line(SERIF, value, { fontSize: 54, lineHeight: 1.15, color }),
    line(SANS, name, { fontSize: 23, lineHeight: 1.3, color: soft }),
  ])
}

function box(style: Style, children: Node[]): ContainerNode {
  return { type: 'container', style: { display: 'flex', ...style }, children }
}

/** One line of text, cut with an ellipsis where it is too long. */
function line(className: typeof SERIF | typeof SANS, text: string, style: Style): TextNode {
  return {
    type: 'text',
    className,
    text,
    style: {
      whiteSpace: 'nowrap',
      overflow: 'hidden',
      textOverflow: 'ellipsis',
      maxWidth: '100%',
      fontFeatureSettings: '"lnum"',
      fontWeight: className === SERIF ? 700 : 500,
      ...style,
    },
  }
}

function picture(src: Uint8Array, side: number, style: Style): ImageNode {
  return { type: 'image', src, width: side, height: side, style }
}
