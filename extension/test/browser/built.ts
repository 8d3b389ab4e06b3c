// The extension as it is built, for a browser to load.
import { fileURLToPath } from 'node:url'
import { build } from 'wxt'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Builds the extension for `browser`, with `server` preset. @returns its folder */
export async function built(browser: 'chrome' | 'firefox', server = ''): Promise<string> {
  await build({
    root,
    browser,
    manifestVersion: 3,
    logger: QUIET,
    vite: () => ({ define: { 'import.meta.env.WXT_DEFAULT_SERVER': JSON.stringify(server) } }),
    outDirTemplate: `{{browser}}-mv{{manifestVersion}}-test`,
  })
  return `${root}/.output/${browser}-mv3-test`
}

const nothing = (): void => {}
const QUIET = {
  debug: nothing,
  log: nothing,
  info: nothing,
  warn: console.warn,
  error: console.error,
  fatal: console.error,
  success: nothing,
  level: 0,
}
