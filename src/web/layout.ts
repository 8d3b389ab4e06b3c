// The frame of every page.
import { type AssetName, addressOf } from './assets.ts'
import { findForm } from './find-form.ts'
import { type Html, html } from './html.ts'

/** The same on every page of a server. */
export type Site = {
  /** How to reach the operator. */
  contact: string | undefined
  version: string
  /** The public address, for absolute links; `undefined` where none is set. */
  publicUrl: string | undefined
  /** Whether there are leaderboards. */
  boards: boolean
}

export type Page = {
  site: Site
  title: string
  description?: string
  /** The path of this page, which the navigation marks. */
  path: string
  /** The canonical path, where it is not for search engines `undefined`. */
  canonical?: string
  styles: readonly AssetName[]
  scripts?: readonly AssetName[]
  /** Further tags of the head, such as Open Graph. */
  head?: Html
  /** The class of the body: the colour of a title. */
  tier?: string
  /** False where the page has a large look-up form of its own. */
  findInHeader?: boolean
  main: Html
}

const NAVIGATION = [
  ['/boards', 'Boards'],
  ['/rules', 'Rules'],
  ['/help/alt-text', 'Alt text'],
  ['/docs/', 'API'],
  ['/about', 'About'],
] as const

/** The whole document. */
export function layout(page: Page): string {
  const { site, title, description, canonical, styles, scripts = [], head, tier, main } = page
  const { findInHeader = true } = page
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
${description === undefined ? '' : html`<meta name="description" content="${description}">\n`}${
  canonical === undefined
    ? html`<meta name="robots" content="noindex">\n`
    : site.publicUrl !== undefined && html`<link rel="canonical" href="${site.publicUrl}${canonical}">\n`
}<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#f7f3ea" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#12151b" media="(prefers-color-scheme: dark)">
<link rel="icon" href="${addressOf('mark.svg')}" type="image/svg+xml">
<link rel="preload" href="${addressOf('alegreya-latin-700-normal.woff2')}" as="font" type="font/woff2" crossorigin>
${(['theme.css', 'base.css', ...styles] as const).map((name) => html`<link rel="stylesheet" href="${addressOf(name)}">\n`)}${[
  'suggest.js' as const,
  ...scripts,
].map((name) => html`<script type="module" src="${addressOf(name)}"></script>\n`)}${head}</head>
<body class="${tier ?? ''}">
<a class="skip" href="#main">Skip to content</a>
<header class="top">
${mark()}
${findInHeader && findForm({ id: 'find', label: 'Find a character', placeholder: 'handle or link', button: undefined })}
${navigation(page.path, site)}
</header>
<main class="page" id="main">
${main}
</main>
${footer(site)}
</body></html>`.text
}

function mark(): Html {
  return html`<a class="mark" href="/"><svg viewBox="0 0 26 26" aria-hidden="true"><path class="mark-hex" d="M13 1.5 23 7.2v11.6L13 24.5 3 18.8V7.2Z"/><path class="mark-peak" d="M13 6.5 18.5 16h-11Z"/></svg>bsky-rpg</a>`
}

function navigation(path: string, { boards }: Site): Html {
  const items = NAVIGATION.filter(([to]) => boards || to !== '/boards').map(
    ([to, name]) => html`<li><a href="${to}"${path === to && html` aria-current="page"`}>${name}</a></li>`,
  )
  return html`<nav aria-label="Pages"><ul>${items}</ul></nav>`
}

function footer({ contact, version }: Site): Html {
  return html`<footer class="foot">
<p>Every point names the record that earned it. The text of posts is not kept. <a href="/me">Is this you? Be hidden or deleted.</a></p>
<p>${contact !== undefined && html`Run by ${contact} · `}<a href="/status">Status</a> · bsky-rpg ${version}</p>
</footer>`
}
