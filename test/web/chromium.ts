import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** The path of an installed Chromium; `undefined` where there is none. */
export function findChromium(): string | undefined {
  return PLACES.find((path) => existsSync(path))
}

/** Starts the Chromium at `path`; disposing ends it. */
export async function startChromium(path: string): Promise<Browser & AsyncDisposable> {
  const browser = await chromium.launch({
    executablePath: path,
    // The tests may run as root, where Chromium's sandbox cannot; they open this server's pages only.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb'],
  })
  return Object.assign(browser, { [Symbol.asyncDispose]: () => browser.close() })
}
