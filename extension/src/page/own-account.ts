// Who is signed in on the page, as far as its elements tell. Nothing of the app's own storage is read.
import { actorOfPath, isDid } from '../actor.ts'
import { ask } from '../messages.ts'
import { ownActor, rememberSelf } from '../own-account.ts'

const MENU_LINKS = 'nav a[href^="/profile/"], [role="navigation"] a[href^="/profile/"]'
const EDIT_PROFILE = '[data-testid="profileHeaderEditProfileButton"]'
const FOLLOWERS = '[data-testid="profileHeaderFollowersButton"]'

export class OwnAccount {
  #told: string | undefined

  /** Looks at the page's menu, and at the header of one's own profile, which has a button to edit it. */
  settled(): void {
    const actor = fromMenu() ?? fromHeader()
    if (actor === undefined || actor === this.#told) return
    this.#told = actor
    void rememberSelf(actor)
  }

  /** Whether `actor` is the person's own account. Asks the server about that account only, where one is a handle and the other a DID. */
  async is(actor: string): Promise<boolean> {
    const own = (await ownActor()) ?? this.#told
    if (own === undefined || own === actor) return own === actor
    if (isDid(own) === isDid(actor)) return false
    const answers = await ask('characters', { actors: [own] })
    const found = answers?.[0]
    return found?.kind === 'known' && [found.character.did, found.character.handle].includes(actor)
  }
}

/** The menu links to one profile only: one's own. */
function fromMenu(): string | undefined {
  const actors = new Set<string>()
  for (const link of document.querySelectorAll(MENU_LINKS)) {
    const actor = actorOfPath(link.getAttribute('href'))
    if (actor !== undefined) actors.add(actor)
  }
  const [actor] = actors
  return actors.size === 1 ? actor : undefined
}

function fromHeader(): string | undefined {
  const button = document.querySelector(EDIT_PROFILE)
  for (let around = button?.parentElement ?? null; around !== null; around = around.parentElement) {
    const href = around.querySelector(FOLLOWERS)?.getAttribute('href')
    if (href != null) return actorOfPath(href.replace(/\/followers\/?$/, ''))
  }
  return undefined
}
