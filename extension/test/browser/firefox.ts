// A real Firefox with the extension in it. Puppeteer drives its web pages; the extension's own pages, which Puppeteer leaves out, are
// driven by the same protocol (WebDriver BiDi), with real keys and clicks.
import puppeteer, { type Browser, type Page } from 'puppeteer-core'
import { until } from '../../../test/e2e/harness.ts'
import { CSP, type PageOptions, pageOf, SCRIPT } from './page-at.ts'

/** What Puppeteer has and does not publish. */
type Connection = { send(method: string, params: object): Promise<{ result: unknown }> }
type Context = { context: string; url: string }
type Evaluated =
  | { type: 'success'; result: { value?: unknown } }
  | { type: 'exception'; exceptionDetails: object }

const ENTER = '\uE006'

export class Firefox implements AsyncDisposable {
  /** What ends with it. */
  readonly #parts: AsyncDisposableStack
  readonly #browser: Browser
  readonly #connection: Connection
  readonly #script: string
  readonly #first: OwnPage

  private constructor(
    parts: AsyncDisposableStack,
    browser: Browser,
    connection: Connection,
    script: string,
    first: OwnPage,
  ) {
    this.#parts = parts
    this.#browser = browser
    this.#connection = connection
    this.#script = script
    this.#first = first
  }

  /** @param folder of the built extension @param script of the page, see `buildPage` */
  static async start(executablePath: string, folder: string, script: string): Promise<Firefox> {
    // A browser that has started is ended again where a later step fails.
    await using parts = new AsyncDisposableStack()
    const browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath,
      headless: true,
      enableExtensions: true,
      protocolTimeout: 60_000,
      timeout: 90_000,
      // What is asked in a click is then permitted without the browser's own question, which no protocol reaches.
      extraPrefsFirefox: { 'extensions.webextOptionalPermissionPrompts': false },
    })
    parts.defer(() => browser.close())
    await browser.installExtension(folder)
    const { connection } = browser as unknown as { connection: Connection }
    // The settings open by themselves. From them the other pages are opened: the protocol itself may not.
    const first = await ownPage(connection, 'options.html')
    return new Firefox(parts.move(), browser, connection, script, first)
  }

  /** Opens https://bsky.app at `path`. */
  async open(path: string, options: PageOptions): Promise<Page> {
    const page = await this.#browser.newPage()
    await page.setRequestInterception(true)
    page.on('request', (request) => {
      const { origin, pathname } = new URL(request.url())
      if (origin !== 'https://bsky.app') return void request.continue()
      const headers = { 'content-security-policy': CSP }
      if (pathname === SCRIPT)
        return void request.respond({ contentType: 'text/javascript', body: this.#script })
      return void request.respond({ contentType: 'text/html', headers, body: pageOf(options) })
    })
    await page.goto(`https://bsky.app${path}`, { timeout: 30_000 })
    return page
  }

  /** The settings that opened by themselves. They stay open. */
  get settings(): OwnPage {
    return this.#first
  }

  async openPopup(): Promise<OwnPage> {
    await this.#first.evaluate("browser.tabs.create({ url: '/popup.html' }).then(() => true)")
    return ownPage(this.#connection, 'popup.html')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync()
  }
}

/** A page of the extension itself. */
export class OwnPage {
  readonly #connection: Connection
  readonly #context: string

  constructor(connection: Connection, context: string) {
    this.#connection = connection
    this.#context = context
  }

  async evaluate(expression: string): Promise<unknown> {
    const params = { expression, target: { context: this.#context }, awaitPromise: true }
    const result = (await this.#connection.send('script.evaluate', params)).result as Evaluated
    if (result.type === 'exception') throw new Error(JSON.stringify(result.exceptionDetails))
    return result.result.value
  }

  async text(selector = 'main'): Promise<string> {
    return String(await this.evaluate(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ''`))
  }

  /** Waits until the text of `selector` is like `expected`. */
  async says(expected: RegExp, selector = 'main'): Promise<void> {
    let text = ''
    const isSaid = async (): Promise<boolean> => {
      text = await this.text(selector)
      return expected.test(text)
    }
    await until(`${selector} says ${expected}`, isSaid, 20_000, 50).catch((error: unknown) => {
      throw new Error(`it says: ${text}`, { cause: error })
    })
  }

  /** Clicks in the middle of what `selector` finds, where the text is `text`. */
  async click(selector: string, text = ''): Promise<void> {
    const place = JSON.parse(
      String(
        await this.evaluate(`(() => {
          const all = [...document.querySelectorAll(${JSON.stringify(selector)})]
          const element = all.find(({ textContent }) => textContent.includes(${JSON.stringify(text)}))
          element.scrollIntoView({ block: 'center' })
          const { x, y, width, height } = element.getBoundingClientRect()
          return JSON.stringify({ x: Math.round(x + width / 2), y: Math.round(y + height / 2) })
        })()`),
      ),
    ) as { x: number; y: number }
    const actions = [
      { type: 'pointerMove', ...place },
      { type: 'pointerDown', button: 0 },
      { type: 'pointerUp', button: 0 },
    ]
    await this.#perform({ type: 'pointer', id: 'mouse', actions })
  }

  /** Types `text` in place of what is in the field at `selector`, and Enter. */
  async enter(selector: string, text: string): Promise<void> {
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).select()`)
    await this.press(...text, ENTER)
  }

  async press(...keys: string[]): Promise<void> {
    const actions = keys.flatMap((value) => [
      { type: 'keyDown', value },
      { type: 'keyUp', value },
    ])
    await this.#perform({ type: 'key', id: 'keyboard', actions })
  }

  /** Has this page shown, instead of the one that is. */
  async show(): Promise<void> {
    await this.#connection.send('browsingContext.activate', { context: this.#context })
  }

  async close(): Promise<void> {
    await this.#connection.send('browsingContext.close', { context: this.#context })
  }

  async #perform(actions: object): Promise<void> {
    await this.#connection.send('input.performActions', { context: this.#context, actions: [actions] })
  }
}

async function ownPage(connection: Connection, file: string): Promise<OwnPage> {
  let found: Context | undefined
  await until(`${file} is open`, async () => {
    const { contexts } = (await connection.send('browsingContext.getTree', {})).result as {
      contexts: Context[]
    }
    found = contexts.find(({ url }) => url.startsWith('moz-extension://') && url.endsWith(`/${file}`))
    return found !== undefined
  })
  return new OwnPage(connection, found?.context ?? '')
}
