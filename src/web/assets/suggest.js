// Suggestions below look-up forms (a combobox with a listbox, as in the ARIA Authoring Practices). Without this file the
// forms work as plain forms.

/** @typedef {{ did: string, handle: string | null, displayName: string | null, level: number | null, title: string | null }} Suggestion */

const PAUSE_MS = 180

for (const input of document.querySelectorAll('input[data-suggestions]')) {
  if (input instanceof HTMLInputElement) suggestFor(input)
}

/** @param {HTMLInputElement} input */
function suggestFor(input) {
  const list = document.getElementById(input.dataset.suggestions ?? '')
  if (list === null) return
  let chosen = -1
  let timer = 0
  let request = new AbortController()

  input.setAttribute('role', 'combobox')
  input.setAttribute('aria-autocomplete', 'list')
  input.setAttribute('aria-expanded', 'false')
  input.setAttribute('aria-controls', list.id)

  const close = () => {
    window.clearTimeout(timer)
    request.abort()
    list.hidden = true
    list.replaceChildren()
    chosen = -1
    input.setAttribute('aria-expanded', 'false')
    input.removeAttribute('aria-activedescendant')
  }

  /** @param {number} index */
  const choose = (index) => {
    const options = [...list.children]
    chosen = options.length === 0 ? -1 : (index + options.length) % options.length
    for (const [place, option] of options.entries()) {
      option.setAttribute('aria-selected', String(place === chosen))
      if (place === chosen) {
        input.setAttribute('aria-activedescendant', option.id)
        option.scrollIntoView({ block: 'nearest' })
      }
    }
  }

  /** @param {Suggestion} suggestion */
  const go = ({ handle, did }) => {
    location.assign(`/@${encodeURI(handle ?? did)}`)
  }

  const ask = async () => {
    const text = input.value.trim()
    if (text.length < 2) return close()
    request.abort()
    request = new AbortController()
    const { signal } = request
    try {
      const answer = await fetch(`/v1/suggest?q=${encodeURIComponent(text.slice(0, 64))}`, { signal })
      if (!answer.ok) return close()
      const { items } = /** @type {{ items: Suggestion[] }} */ (await answer.json())
      if (!signal.aborted) show(items)
    } catch {
      // A newer request has taken its place, or the server cannot be reached: the form still works.
    }
  }

  /** @param {Suggestion[]} items */
  const show = (items) => {
    if (items.length === 0 || document.activeElement !== input) return close()
    list.replaceChildren(
      ...items.map((item, place) => {
        const option = document.createElement('li')
        option.id = `${list.id}-${place}`
        option.role = 'option'
        option.setAttribute('aria-selected', 'false')
        const name = document.createElement('bdi')
        name.append(element('b', item.displayName || item.handle || item.did))
        name.append(element('small', item.handle === null ? item.did : `@${item.handle}`))
        option.append(name)
        if (item.level !== null) option.append(element('small', `level ${item.level} ${item.title ?? ''}`))
        // Before the input loses its focus, which closes the list.
        option.addEventListener('mousedown', (event) => event.preventDefault())
        option.addEventListener('click', () => go(item))
        return option
      }),
    )
    list.hidden = false
    chosen = -1
    input.removeAttribute('aria-activedescendant')
    input.setAttribute('aria-expanded', 'true')
  }

  input.addEventListener('input', () => {
    window.clearTimeout(timer)
    timer = window.setTimeout(ask, PAUSE_MS)
  })
  input.addEventListener('blur', close)
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !list.hidden) {
      event.preventDefault()
      close()
    } else if (event.key === 'ArrowDown' && !list.hidden) {
      event.preventDefault()
      choose(chosen + 1)
    } else if (event.key === 'ArrowUp' && !list.hidden) {
      event.preventDefault()
      choose(chosen < 0 ? -1 : chosen - 1)
    } else if (event.key === 'Enter' && chosen >= 0) {
      const option = list.children[chosen]
      if (option instanceof HTMLElement) {
        event.preventDefault()
        option.click()
      }
    }
  })
}

/**
 * @param {string} tag
 * @param {string} text
 */
function element(tag, text) {
  const made = document.createElement(tag)
  made.textContent = text
  return made
}
