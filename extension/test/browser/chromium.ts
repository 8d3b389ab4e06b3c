// A real Chromium with the extension in it, in which https://bsky.app is the page of its shapes.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page, type Worker } from 'playwright-core'
import { until } from '../../../test/e2e/harness.ts'
import { CSP, type PageOptions, pageOf, SCRIPT } from './page-at.ts'

type Area = {
  clear(): Promise<void>
  get(): Promise<{ settings?: Settings; self?: string }>
  set(items: object): Promise<void>
}
/** What of the browser's own object the tests use, in the extension's world. */
type Browser = {
  chrome: {
    storage: { local: Area; session: Area }
    permissions: { getAll(): Promise<{ origins: string[] }> }
    windows: { getLastFocused(): Promise<{ focused: boolean }> }
  }
}

export type Settings = Record<string, string | boolean>

declare global {
  // What the page of shapes offers to tests.
  interface Window {
    change(changes: object): void
    navigate(to: string): void
    back(): void
  }
}

export type StartOptions = {
  /** What the browser speaks. @default 'en-US' */
  language?: string
  /** The X display on which it shows windows; without one it shows none. */
  display?: string
}

export class Extension implements AsyncDisposable {
  readonly context: BrowserContext
  /** The browser, and its profile. */
  readonly #parts: AsyncDisposableStack
  readonly #script: string
  /** The extension's background. */
  readonly worker: Worker
  /** The page that the extension opened by itself. */
  readonly opened: string | undefined

  private constructor(
    parts: AsyncDisposableStack,
    context: BrowserContext,
    script: string,
    worker: Worker,
    opened: string | undefined,
  ) {
    this.#parts = parts
    this.context = context
    this.#script = script
    this.worker = worker
    this.opened = opened
  }

  /** @param script of the page, see `buildPage` */
  static async start(
    executablePath: string,
    folder: string,
    script: string,
    { language = 'en-US', display }: StartOptions = {},
  ): Promise<Extension> {
    // What has started is ended again where a later step fails.
    await using parts = new AsyncDisposableStack()
    const profile = mkdtempSync(join(tmpdir(), 'bsky-rpg-extension-'))
    parts.defer(() => rmSync(profile, { recursive: true, force: true }))
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      headless: display === undefined,
      locale: language,
      env: { ...process.env, LANGUAGE: language.replace('-', '_'), ...(display && { DISPLAY: display }) },
      viewport: { width: 800, height: 900 },
      args: [
        // The tests may run as root, where Chromium's sandbox cannot.
        ...['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb', `--lang=${language}`],
        ...[`--disable-extensions-except=${folder}`, `--load-extension=${folder}`],
        '--disable-features=DisableLoadExtensionCommandLineSwitch',
      ],
    })
    parts.defer(() => context.close())
    const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'))
    const own = (): Page | undefined =>
      context.pages().find((page) => page.url().startsWith('chrome-extension://'))
    await until('the extension has opened its settings', () => own() !== undefined, 20_000)
    const first = own()
    const opened = first?.url()
    // Chromium reads the messages once for all pages: where the first page is closed before they are there, no page has any.
    await first?.getByRole('heading', { level: 1 }).getByText('bsky-rpg').waitFor()
    // Its window would go with its last page.
    await context.newPage()
    await first?.close()
    return new Extension(parts.move(), context, script, worker, opened)
  }

  get id(): string {
    return new URL(this.worker.url()).host
  }

  /** Sets what the person has chosen, and empties the cache. */
  async configure(settings: Settings): Promise<void> {
    await this.worker.evaluate(async (chosen) => {
      const { storage } = (globalThis as unknown as Browser).chrome
      await storage.session.clear()
      await storage.local.clear()
      await storage.local.set({ settings: chosen })
    }, settings)
  }

  /** Sets what the person has chosen, as the settings do. */
  async change(settings: Settings): Promise<void> {
    await this.worker.evaluate(async (chosen) => {
      await (globalThis as unknown as Browser).chrome.storage.local.set({ settings: chosen })
    }, settings)
  }

  /** What the person has chosen. */
  async settings(): Promise<Settings> {
    return (await this.#stored()).settings ?? {}
  }

  /** Who the person is, as a page told. */
  async told(): Promise<string | undefined> {
    return (await this.#stored()).self
  }

  /** The sites that the browser permits, as match patterns. */
  permitted(): Promise<string[]> {
    return this.worker.evaluate(async () => {
      const { origins } = await (globalThis as unknown as Browser).chrome.permissions.getAll()
      return origins
    })
  }

  /** Asks the background in place of the script in `page`. @returns the answer; `null` for none */
  async askFrom(page: Page, message: object): Promise<unknown> {
    const cdp = await this.context.newCDPSession(page)
    const found = Promise.withResolvers<number>()
    cdp.on('Runtime.executionContextCreated', ({ context: { id, origin } }) => {
      if (origin === `chrome-extension://${this.id}`) found.resolve(id)
    })
    // It names all worlds that there are already.
    await cdp.send('Runtime.enable')
    const { result, exceptionDetails } = await cdp.send('Runtime.evaluate', {
      contextId: await found.promise,
      expression: `chrome.runtime.sendMessage(${JSON.stringify(message)}).then((answer) => answer ?? null)`,
      awaitPromise: true,
      returnByValue: true,
    })
    await cdp.detach()
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text)
    return result.value
  }

  /** Whether the browser asks the person something: then its window's pages have not the focus. */
  asks(): Promise<boolean> {
    return this.worker.evaluate(async () => {
      const { focused } = await (globalThis as unknown as Browser).chrome.windows.getLastFocused()
      return !focused
    })
  }

  #stored(): Promise<{ settings?: Settings; self?: string }> {
    return this.worker.evaluate(() => (globalThis as unknown as Browser).chrome.storage.local.get())
  }

  /** Opens https://bsky.app at `path`. */
  async open(path: string, options: PageOptions, width: number): Promise<Page> {
    const page = await this.context.newPage()
    page.setDefaultTimeout(15_000)
    await page.setViewportSize({ width, height: 900 })
    const origin = `https://${options.host ?? 'bsky.app'}`
    // Of this page only: where requests are routed, the browser has no cache.
    await page.route(`${origin}/**`, (route) => {
      const { pathname } = new URL(route.request().url())
      if (pathname === SCRIPT) return route.fulfill({ contentType: 'text/javascript', body: this.#script })
      const headers = { 'content-security-policy': CSP }
      return route.fulfill({ contentType: 'text/html', headers, body: pageOf(options) })
    })
    await page.goto(origin + path)
    return page
  }

  /** Opens a page of the extension itself, and waits until it is built. */
  async openOwn(name: 'popup' | 'options'): Promise<Page> {
    const page = await this.context.newPage()
    page.setDefaultTimeout(15_000)
    await page.goto(`chrome-extension://${this.id}/${name}.html`)
    // It reads what is stored first: until then it is empty.
    await page.getByRole('heading', { level: 1 }).waitFor()
    return page
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync()
  }
}
