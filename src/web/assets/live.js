// Level-ups on the first page, as they happen. Without this file the page shows the latest ones.

/**
 * @typedef {{ did: string, at: string, leveling: { level: number, levelsGained: number } }} LevelUp
 * @typedef {{ did: string, handle: string | null, displayName: string | null, avatar: string | null }} Person
 * @typedef {{ level: number, title: string, tier: string }} Title
 */

const MAX_SHOWN = 10
const list = document.querySelector('[data-live]')
const pulse = document.querySelector('[data-pulse]')
if (list instanceof HTMLElement && pulse !== null) follow(list, pulse)

/**
 * @param {HTMLElement} list
 * @param {Element} pulse
 */
function follow(list, pulse) {
  const stream = new EventSource('/v1/stream?sample=level-ups')
  stream.addEventListener('open', () => {
    pulse.textContent = 'live'
    pulse.classList.add('on')
  })
  stream.addEventListener('error', () => {
    pulse.textContent = 'connecting'
    pulse.classList.remove('on')
  })
  stream.addEventListener('level-up', async ({ data }) => {
    const levelUp = /** @type {LevelUp} */ (JSON.parse(data))
    // Nobody looks: keep the page as it is.
    if (document.hidden) return
    const answer = await fetch(`/v1/characters/${encodeURIComponent(levelUp.did)}`).catch(() => undefined)
    if (answer?.ok !== true) return
    show(list, levelUp, /** @type {Person} */ (await answer.json()))
  })
  window.setInterval(() => tellTimes(list), 10_000)
  // A connection for each page that is left open would use up the browser's few.
  addEventListener('pagehide', () => stream.close())
}

/**
 * @param {HTMLElement} list
 * @param {LevelUp} levelUp
 * @param {Person} person
 */
function show(list, { at, leveling }, person) {
  document.querySelector('[data-empty]')?.remove()
  const name = person.displayName || person.handle || person.did
  const item = document.createElement('li')
  item.className = 'new'
  const face = document.createElement('span')
  const titles = /** @type {Title[]} */ (JSON.parse(list.dataset.titles ?? '[]'))
  const title = titles.findLast((one) => one.level <= leveling.level)
  const before = titles.findLast((one) => one.level <= leveling.level - leveling.levelsGained)
  face.className = `face ${title?.tier ?? ''}`
  face.ariaHidden = 'true'
  face.textContent = firstLetter(name.replace(/^did:\w+:/, ''))
  if (person.avatar !== null) {
    const picture = document.createElement('img')
    picture.src = `/avatars/${encodeURIComponent(person.did)}?size=96`
    picture.alt = ''
    face.append(picture)
  }
  const link = document.createElement('a')
  link.href = `/@${encodeURI(person.handle ?? person.did)}`
  const isolated = document.createElement('bdi')
  isolated.textContent = name
  link.append(isolated)
  const text = document.createElement('span')
  const promoted = title === undefined || title === before ? '' : ` and is a ${title.title} now`
  text.append(link, ` reached level ${leveling.level.toLocaleString('en')}${promoted}`)
  const time = document.createElement('time')
  time.dateTime = at
  const small = document.createElement('small')
  small.className = 'soft num nowrap'
  small.append(time)
  item.append(face, text, small)
  list.prepend(item)
  while (list.children.length > MAX_SHOWN) list.lastElementChild?.remove()
  tellTimes(list)
}

/** @param {string} name */
function firstLetter(name) {
  const segments = new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(name)
  for (const { segment } of segments) {
    if (/[\p{L}\p{N}\p{Emoji_Presentation}]/u.test(segment)) return segment.toLocaleUpperCase('en')
  }
  return '·'
}

/** @param {Element} list */
function tellTimes(list) {
  for (const time of list.querySelectorAll('time')) {
    const minutes = Math.floor((Date.now() - Date.parse(time.dateTime)) / 60_000)
    time.textContent =
      minutes < 1 ? 'just now' : minutes < 60 ? `${minutes} min ago` : `${Math.floor(minutes / 60)} h ago`
  }
}
