// The extension as it is built, for a browser to load.
import { fileURLToPath } from 'node:url'
import { build } from 'wxt'

const root = fileURLToPath(new URL('../..', import.meta.url))

export type BuildOptions = {
  /** The preset server. @default none */
  server?: string
  /** A part of the folder's name: tests that run at once must not build in the same. @default 'test' */
  name?: string
}

/** Builds the extension for `browser`. @returns its folder */
export async function built(
  browser: 'chrome' | 'firefox',
  { server = '', name = 'test' }: BuildOptions = {},
): Promise<string> {
  await build({
    root,
    browser,
    manifestVersion: 3,
    logger: QUIET,
    vite: () => ({ define: { 'import.meta.env.WXT_DEFAULT_SERVER': JSON.stringify(server) } }),
    outDirTemplate: `{{browser}}-mv{{manifestVersion}}-${name}`,
  })
  return `${root}/.output/${browser}-mv3-${name}`
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
