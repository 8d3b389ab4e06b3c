// How far an import is, as it goes on. Without this file the page looks again every few seconds.

/** @typedef {{ state: string, records: number, of: number | null, detail: string | null }} Import */

/** Pause before the page looks again where the server has ended the stream, in milliseconds. */
const LOOK_AGAIN_MS = 3_000

const part = document.querySelector('[data-import]')
if (part instanceof HTMLElement && part.dataset.import !== undefined) follow(part, part.dataset.import)

/**
 * @param {HTMLElement} part
 * @param {string} address
 */
function follow(part, address) {
  const stream = new EventSource(address)
  stream.addEventListener('progress', ({ data }) => {
    const progress = /** @type {Import} */ (JSON.parse(data))
    if (progress.state === 'queued' || progress.state === 'running') {
      show(part, progress)
      return
    }
    stream.close()
    // The server answers with what has become of it, or with the sheet.
    location.replace(location.href)
  })
  stream.addEventListener('error', () => {
    // The browser connects again by itself, unless the server refuses.
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), LOOK_AGAIN_MS)
  })
  addEventListener('pagehide', () => stream.close())
}

/**
 * @param {HTMLElement} part
 * @param {Import} progress
 */
function show(part, { state, records, of, detail }) {
  const isKnown = of !== null && of > 0
  const counted = records.toLocaleString('en')
  const unit = isKnown ? `of ${of.toLocaleString('en')} records so far` : 'records so far'
  say(part, 'records', counted)
  say(part, 'unit', unit)
  const bar = part.querySelector('[data-bar]')
  if (isKnown) bar?.setAttribute('value', Math.min(1, records / of).toFixed(3))
  else bar?.removeAttribute('value')
  say(part, 'words', wordsOf(state, records))
  const trouble = part.querySelector('[data-detail]')
  if (trouble instanceof HTMLElement) trouble.hidden = detail === null
  say(part, 'detail', detail === null ? '' : `${detail} It is tried again.`)
  document.title = records > 0 ? `${counted} ${unit} · bsky-rpg` : 'Counting a history · bsky-rpg'
}

/**
 * @param {HTMLElement} part
 * @param {string} name
 * @param {string} text
 */
function say(part, name, text) {
  const element = part.querySelector(`[data-${name}]`)
  // Screen readers announce what changes: nothing else is touched.
  if (element !== null && element.textContent !== text) element.textContent = text
}

/**
 * @param {string} state
 * @param {number} records
 */
function wordsOf(state, records) {
  if (state === 'queued') return 'Waiting for its turn'
  return records === 0
    ? 'Reading the repository from their own server'
    : 'Counting every record, and what it earns'
}
