// Elements of ours. Everything that a server or a person wrote goes in as text, never as markup.

/** On every element that the extension puts into a page. */
export const OURS = 'bsky-rpg'

type Child = Node | string | undefined | null | false

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** An element with attributes (`true` stands for an empty one, `false` and `undefined` for none) and children. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children)
}

/** The same for drawings. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children)
}

/** Whether the extension made `node`, or the element that it is in. */
export function isOurs(node: Node): boolean {
  const element = node instanceof Element ? node : node.parentElement
  return element !== null && element.closest(`.${OURS}`) !== null
}

function fill<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    element.setAttribute(name, value === true ? '' : String(value))
  }
  for (const child of children)
    if (child !== undefined && child !== null && child !== false) element.append(child)
  return element
}
