// The server: its address, a test that says what it found, and the browser's permission where one is needed.

import { i18n } from '#i18n'
import { FORKS } from '../background/forks.ts'
import { type Finding, Server } from '../client/server.ts'
import { serverAddress } from '../client/server-address.ts'
import { isPermitted, keepOnly, permit } from '../permissions.ts'
import { changeSettings } from '../settings.ts'
import { el } from '../ui/element.ts'
import { count, plain } from '../ui/format.ts'

/** What is suggested while none is chosen: a server on this machine. */
const LOCAL = 'http://127.0.0.1:8000'

export function serverCard(server: string): HTMLElement {
  const input = el('input', {
    type: 'text',
    inputmode: 'url',
    id: 'server',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-describedby': 'server-help',
    value: server === '' ? LOCAL : server,
  })
  const result = el('div', { role: 'status', class: 'lines' })
  const form = el(
    'form',
    {},
    el('div', { class: 'field' }, el('label', { for: 'server' }, i18n.t('options.address')), input),
    el('button', { class: 'solid' }, i18n.t('options.test')),
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void use(input.value, result)
  })
  return el(
    'section',
    { class: 'card', 'aria-labelledby': 'server-title' },
    el('h2', { id: 'server-title' }, i18n.t('options.server')),
    el('p', { id: 'server-help', class: 'soft small' }, i18n.t('options.serverHelp')),
    form,
    result,
  )
}

/** The last test that was begun: what an earlier one finds afterwards is used and shown no more. */
let lastTest: symbol | undefined

/** Tests the server at `text`, and uses it if it is one. */
async function use(text: string, result: HTMLElement): Promise<void> {
  const test = Symbol(text)
  lastTest = test
  const address = serverAddress(text)
  if (address === undefined) {
    result.replaceChildren(el('p', { class: 'problem' }, i18n.t('options.notAnAddress')))
    return
  }
  result.replaceChildren(el('p', { class: 'soft' }, i18n.t('options.testing')))
  const found = await new Server(address, { fetch: (url, init) => fetch(url, init) }).test()
  if (lastTest !== test) return
  if (found.kind === 'ok') {
    await changeSettings({ server: address })
    // The later one may have been permitted already.
    if (lastTest !== test) return
    await keepOnly([address, ...FORKS])
    if (lastTest === test) result.replaceChildren(...lines(found.value))
    return
  }
  const helps = await needsPermission(address)
  if (lastTest !== test) return
  if (helps) result.replaceChildren(...permission(address, result))
  else {
    const why = found.kind === 'failed' ? found.why : found.kind
    result.replaceChildren(el('p', { class: 'problem' }, i18n.t('options.failed', [address, why])))
  }
}

function lines({ title, version, characters, lagSeconds, connected, rules }: Finding): HTMLElement[] {
  const points = ['post.text', 'post.alt', 'like'].map((reason) => count(rules.points[reason] ?? 0))
  const lag = lagSeconds === null ? [] : [i18n.t('options.lag', [count(Math.round(lagSeconds))])]
  return [
    i18n.t('options.found', [plain(title), plain(version), count(characters)]),
    ...(connected ? lag : [i18n.t('options.notConnected')]),
    i18n.t('options.rules', points as [string, string, string]),
    i18n.t('options.inUse'),
  ].map((line) => el('p', {}, line))
}

/** Whether something answers at `address` that other origins may not read: only then does a permission help. */
async function needsPermission(address: string): Promise<boolean> {
  if (await isPermitted(address)) return false
  try {
    await fetch(address, { mode: 'no-cors', credentials: 'omit', signal: AbortSignal.timeout(5_000) })
  } catch {
    return false
  }
  try {
    await fetch(address, { credentials: 'omit', signal: AbortSignal.timeout(5_000) })
    return false
  } catch {
    return true
  }
}

function permission(address: string, result: HTMLElement): HTMLElement[] {
  const button = el('button', { type: 'button', class: 'solid' }, i18n.t('options.permit', [address]))
  const answer = el('p', { class: 'problem' })
  // Browsers ask only in the click itself.
  button.addEventListener('click', async () => {
    // A test that runs still would give back what is permitted now.
    lastTest = undefined
    if (await permit(address)) await use(address, result)
    else answer.textContent = i18n.t('options.notPermitted', [address])
  })
  return [el('p', {}, i18n.t('options.needsPermission', [address])), button, answer]
}
