import type { Did } from '@atcute/lexicons/syntax'
import { BASELINE } from '../../game/baseline.ts'
import type { OwnCharacter } from '../../store/store.ts'
import { count, isolated } from '../format.ts'
import { type Html, html } from '../html.ts'
import { layout, type Site } from '../layout.ts'
import { sheetAddress } from '../person.ts'
import { capitalized } from '../words.ts'
import { action, notice, SAME_ORIGIN } from './parts.ts'
import { reasonsHidden, type Standing, standingOf } from './standing.ts'

export type MePageOptions = {
  site: Site
  did: Did
  /** What is stored; `undefined`: nothing. */
  own: OwnCharacter | undefined
  /** The token for forms. */
  token: string
  /** What they have just asked for. */
  asked: 'hide' | 'leave' | 'return' | undefined
}

/** What is kept about the person who is signed in, and what they can do about it. */
export function mePage({ site, did, own, token, asked }: MePageOptions): string {
  const standing = standingOf(own)
  return layout({
    site,
    title: 'You · bsky-rpg',
    path: '/me',
    styles: ['prose.css', 'own.css'],
    head: SAME_ORIGIN,
    main: html`<div class="prose">
<h1>You on this server</h1>
<p class="lead">${signedInAs(did, own)}</p>
${asked !== undefined && notice('done', told(asked, standing))}
${summary(did, own, standing)}
${own?.born === true && kept(own)}
${choices(standing, token)}
<section class="card"><h2>Signing out</h2>
<p>You stay signed in with this browser for a week at most.</p>
<div class="actions">${action('/me/sign-out', { token, label: 'Sign out', quiet: true })}
${action('/me/sign-out-everywhere', { token, label: 'Sign out in all browsers', quiet: true })}</div></section>
</div>`,
  })
}

function signedInAs(did: Did, own: OwnCharacter | undefined): Html {
  const handle = own?.profile?.handle
  return handle === undefined
    ? html`Signed in as <bdi>${did}</bdi>.`
    : html`Signed in as <strong>${isolated(`@${handle}`)}</strong> <span class="soft small">${did}</span>.`
}

/** What became of a wish; it may still be under way. */
function told(asked: NonNullable<MePageOptions['asked']>, standing: Standing): string {
  const isDone = {
    hide: standing === 'hidden',
    leave: standing === 'left',
    return: standing !== 'hidden' && standing !== 'left',
  }[asked]
  if (!isDone) return 'Noted. It is done within seconds, or as soon as this server listens to Bluesky again.'
  return {
    hide: 'Done: nobody sees you here any more.',
    leave: 'Done: everything about you is deleted.',
    return: 'Done: welcome back.',
  }[asked]
}

function summary(did: Did, own: OwnCharacter | undefined, standing: Standing): Html {
  switch (standing) {
    case 'unknown':
      return html`<section class="card"><h2>Nothing is kept about you</h2>
<p>This server has not counted anything of yours yet. Your next post, repost or like begins your character, unless you say below that you do not want one.</p></section>`
    case 'kept': {
      const reasons = own === undefined ? [] : reasonsHidden(own)
      if (reasons.length === 0) {
        return html`<section class="card"><h2>You are shown</h2>
<p>Everybody can see <a href="${sheetAddress({ did, handle: own?.profile?.handle ?? null })}">your sheet</a>, your ledger and your places on boards.</p></section>`
      }
      return html`<section class="card"><h2>Others do not see you</h2>
<p>What you do is counted, but not shown, because:</p>
<ul>${reasons.map((reason) => html`<li>${reason}</li>`)}</ul></section>`
    }
    case 'hidden':
      return html`<section class="card"><h2>You are hidden</h2>
<p>Nobody sees you here: no sheet, no card, no board, no stream. What you do is still counted, so that all of it is there if you return.</p></section>`
    case 'left':
      return html`<section class="card"><h2>You are deleted</h2>
<p>Everything about you has been deleted, also where others name you, and nothing new is counted. This server remembers only your DID and that you have left, so that your posts do not bring you back.</p></section>`
    case 'forgotten':
      return html`<section class="card"><h2>You were removed by the operator</h2>
<p>The operator of this server was asked to forget you. Nothing is kept of you but your DID. Only the operator can take that back.</p></section>`
  }
}

function kept({ experience, counts, profile }: OwnCharacter): Html {
  const rows: [string, Html | string][] = [
    ['Experience', `${count(experience)} XP`],
    ...[...counts].map(([collection, n]): [string, string] => [kindOf(collection), count(n)]),
    ['Name', profile?.displayName === undefined ? 'none' : isolated(profile.displayName)],
    ['Handle', profile?.handle === undefined ? 'none' : isolated(`@${profile.handle}`)],
    [
      'Picture',
      profile?.avatar === undefined ? 'none' : 'its address on Bluesky, and a small copy while you are shown',
    ],
  ]
  return html`<section class="card"><h2>What is kept</h2>
<table class="own"><tbody>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td class="right num">${value}</td></tr>`)}</tbody></table>
<p class="soft small">Of each record: its address, when it was first seen, what it earned, and whether its media are described. No texts, and no pictures but that one. <a href="/about">More about that</a></p></section>`
}

/** `app.bsky.feed.post` is `Posts`. */
function kindOf(collection: string): string {
  if (collection === BASELINE) return 'Posts from before this server, as one record'
  return `${capitalized(collection.slice(collection.lastIndexOf('.') + 1))}s`
}

/** What they can ask for. */
function choices(standing: Standing, token: string): Html {
  const hide = html`<section class="card"><h2>Be hidden</h2>
<p>You disappear from every page, card, board and stream of this server within seconds. What you have earned stays, unseen, and you can come back at any time.</p>
${action('/me/hide', { token, label: 'Hide me' })}</section>`
  const leave = html`<section class="card"><h2>Be deleted</h2>
<p>Everything about you is deleted within seconds, and nothing new is counted. You can come back, but then you begin from nothing.</p>
<a class="button quiet" href="/me/leave">Delete everything …</a></section>`
  const comeBack = (words: string, label: string): Html => html`<section class="card"><h2>Come back</h2>
<p>${words}</p>
${action('/me/return', { token, label })}</section>`
  switch (standing) {
    case 'hidden':
      return html`${comeBack('You are shown again within seconds, with all that you have earned.', 'Show me again')}${leave}`
    case 'left':
      return comeBack(
        'What you do from then on is counted and shown. What was deleted stays deleted.',
        'Count me again',
      )
    case 'forgotten':
      return html``
    case 'unknown':
    case 'kept':
      return html`${hide}${leave}`
  }
}
