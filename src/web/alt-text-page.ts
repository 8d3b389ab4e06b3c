import type { Rulebook } from '../game/rulebook.ts'
import { type Html, html, raw } from './html.ts'
import { layout, type Site } from './layout.ts'

/** How to describe a picture well, with three examples. */
export function altTextPage({ site, rules }: { site: Site; rules: Rulebook }): string {
  const gain = (rules.points['post.alt'] ?? 0) - (rules.points['post.media'] ?? 0)
  return layout({
    site,
    title: 'How to describe a picture · bsky-rpg',
    description:
      'A short help page: how to write a good description (alt text) of a picture, with three examples.',
    path: '/help/alt-text',
    canonical: '/help/alt-text',
    styles: ['prose.css'],
    main: html`<div class="prose">
<h1>How to describe a picture</h1>
<p class="lead">Some people hear your pictures: a screen reader reads their description, the alt text. One sentence is often enough.</p>
<section class="card"><h2>Four things to remember</h2>
<ol>
<li><strong>Say what matters here.</strong> The same photo means one thing in a post about cats and another in one about keyboards.</li>
<li><strong>Begin with the most important.</strong> Then add what you would point at, if you showed it to a friend.</li>
<li><strong>Write out the words in it.</strong> Signs, screenshots, the punch line of a comic.</li>
<li><strong>Leave out “picture of”.</strong> The screen reader says that already. No hashtags, either, and no jokes that only those who see can get.</li>
</ol></section>
${EXAMPLES.map(example)}
<section class="card"><h2>Where to write it</h2>
<p>In Bluesky’s composer, choose “+ ALT” on the picture, video or GIF before you publish; afterwards it cannot be added. Settings, Accessibility has a switch that reminds you.</p>
<p>All pictures of a post have to be described for it to count. ${gain > 0 && html`On this server such a post earns ${gain} XP more; the people who can follow it are the better reason.`}</p></section>
</div>`,
  })
}

type Example = { name: string; drawing: string; short: string; better: string; why: string }

const EXAMPLES: readonly Example[] = [
  {
    name: 'A photo',
    drawing: `<rect width="120" height="90" fill="#cfe3ef"/><rect y="58" width="120" height="32" fill="#c9a36a"/><rect x="18" y="60" width="84" height="20" rx="4" fill="#39404d"/><path d="M24 66h72M24 71h72M24 76h72" stroke="#8b94a5" stroke-width="3" stroke-dasharray="6 3"/><path d="M34 62c0-16 10-24 26-24 18 0 30 9 30 24z" fill="#23262d"/><circle cx="38" cy="48" r="13" fill="#23262d"/><path d="M28 40l-2-11 10 6zM42 36l8-8 1 12z" fill="#23262d"/><path d="M32 49q3 3 6 0M40 49q3 3 6 0" stroke="#cfd6e2" stroke-width="1.5" fill="none"/><path d="M90 58c10 2 14-4 12-14" stroke="#23262d" stroke-width="5" fill="none" stroke-linecap="round"/>`,
    short: 'My cat',
    better: 'A black cat asleep across a keyboard, one paw on the delete key.',
    why: 'It says what is to be seen, and why you posted it.',
  },
  {
    name: 'A chart',
    drawing: `<rect width="120" height="90" fill="#fffdf8"/><path d="M16 10v66h94" stroke="#585f6c" stroke-width="2" fill="none"/><path d="M24 60h12v16H24zM44 54h12v22H44zM64 44h12v32H64zM84 20h12v56H84z" fill="#b18315"/><path d="M20 58l28-6 22-10 26-26" stroke="#1260b8" stroke-width="2.5" fill="none"/>`,
    short: 'Chart of my reading',
    better: 'Bar chart of books read each season: winter 4, spring 6, summer 9, autumn 15, the most so far.',
    why: 'The numbers are the message, so they are in it.',
  },
  {
    name: 'A screenshot',
    drawing: `<rect width="120" height="90" rx="6" fill="#e9e4d8"/><rect x="10" y="10" width="100" height="70" rx="6" fill="#fff"/><circle cx="24" cy="25" r="7" fill="#7043ab"/><path d="M36 22h34M36 29h20" stroke="#585f6c" stroke-width="3"/><g font-family="sans-serif" font-size="7" fill="#1e222a"><text x="17" y="46">Your book is 11 years</text><text x="17" y="56">overdue. We are not</text><text x="17" y="66">angry, only curious.</text></g>`,
    short: 'Screenshot',
    better: 'A message from the library: ‘Your book is 11 years overdue. We are not angry, only curious.’',
    why: 'The words are written out, so nobody has to ask what it said.',
  },
]

function example({ name, drawing, short, better, why }: Example): Html {
  return html`<section class="card"><h2>${name}</h2><div class="picture">
<svg viewBox="0 0 120 90" role="img" aria-label="${better}">${raw(drawing)}</svg>
<dl><dt>Says little</dt><dd>“${short}”</dd><dt>Says it</dt><dd class="better">“${better}”</dd><dt>Why</dt><dd>${why}</dd></dl>
</div></section>`
}
