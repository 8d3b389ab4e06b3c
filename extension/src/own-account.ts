// Who the person is, as the page last told. It is kept in the browser's local storage, so that the popup knows it, too.
import { browser } from 'wxt/browser'
import { readSettings } from './settings.ts'

const KEY = 'self'

/** Remembers the account that a page shows as its own. */
export async function rememberSelf(actor: string): Promise<void> {
  const stored = await browser.storage.local.get(KEY)
  if (stored[KEY] !== actor) await browser.storage.local.set({ [KEY]: actor })
}

/** The account that a page last showed as its own. */
export async function toldSelf(): Promise<string | undefined> {
  const stored = await browser.storage.local.get(KEY)
  const told = stored[KEY]
  return typeof told === 'string' && told !== '' ? told : undefined
}

/** The person's own handle or DID: as set, or else as a page last told; `undefined` if neither. */
export async function ownActor(): Promise<string | undefined> {
  const { self } = await readSettings()
  return self === '' ? toldSelf() : self
}
