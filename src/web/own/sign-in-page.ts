import { html } from '../html.ts'
import { layout, type Site } from '../layout.ts'
import { notice, SAME_ORIGIN } from './parts.ts'

export type SignInPageOptions = {
  site: Site
  /** What was typed, where that did not work. */
  name?: string
  /** Why it did not. */
  trouble?: string
}

/** The form that leads people to their own servers, and what they can do after that. */
export function signInPage({ site, name, trouble }: SignInPageOptions): string {
  return layout({
    site,
    title: 'Sign in · bsky-rpg',
    path: '/sign-in',
    styles: ['prose.css', 'own.css'],
    head: SAME_ORIGIN,
    findInHeader: false,
    main: html`<div class="prose">
<h1>Is this you?</h1>
<p class="lead">Sign in with Bluesky to see what is kept about you, to be hidden here, or to have everything deleted.</p>
${trouble !== undefined && notice('trouble', trouble)}
<form class="card stack" action="/sign-in/continue" method="post">
<label for="name">Your handle</label>
<input id="name" name="name" required maxlength="300" value="${name}" placeholder="alice.example" autocapitalize="none" autocomplete="username" autocorrect="off" spellcheck="false"${
      trouble !== undefined && html` aria-describedby="trouble" aria-invalid="true"`
    }>
<p class="soft small">You enter your password at your own server, never here. This server learns who you are and nothing else: it cannot read, post or change anything for you.</p>
<p><button>Continue to your server</button></p>
</form>
</div>`,
  })
}

/** The page where nobody can sign in, since other servers do not know this one's address. */
export function noSignInPage({ site }: { site: Site }): string {
  return layout({
    site,
    title: 'Sign in · bsky-rpg',
    path: '/sign-in',
    styles: ['prose.css'],
    main: html`<div class="prose">
<h1>Signing in is not set up here</h1>
<p class="lead">This server does not know its own public address, so your server cannot send you back to it.</p>
<p>To be hidden or deleted, ask its operator. ${site.contact === undefined ? 'They have not said how to reach them.' : html`Write to <strong>${site.contact}</strong>.`}</p>
<p class="soft">If you run it: set <code>PUBLIC_URL</code> to its https address. On your own machine, open it at <code>http://127.0.0.1</code> and its port.</p>
</div>`,
  })
}
