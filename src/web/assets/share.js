// Buttons that copy the texts of a share box. Without this file the texts can be selected and copied by hand.

const SHOWN_MS = 1_800

if (navigator.clipboard !== undefined) {
  for (const input of document.querySelectorAll('input[data-copy]')) {
    if (input instanceof HTMLInputElement) addButton(input)
  }
}

/** @param {HTMLInputElement} input */
function addButton(input) {
  const name = input.labels?.[0]?.textContent ?? 'text'
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'button quiet'
  button.textContent = 'Copy'
  button.setAttribute('aria-label', `Copy: ${name}`)
  const told = document.createElement('span')
  told.className = 'hidden'
  told.setAttribute('role', 'status')
  input.after(button, told)
  let timer = 0
  button.addEventListener('click', () => {
    navigator.clipboard.writeText(input.value).then(
      () => {
        button.textContent = 'Copied'
        told.textContent = `${name} copied`
        window.clearTimeout(timer)
        timer = window.setTimeout(() => {
          button.textContent = 'Copy'
          told.textContent = ''
        }, SHOWN_MS)
      },
      // The browser refused: what is selected can be copied by hand.
      () => input.select(),
    )
  })
}
