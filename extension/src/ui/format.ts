// Numbers and times, in the language of the browser. Days are UTC, as on the server.
import { browser } from 'wxt/browser'

const language = browser.i18n.getUILanguage()
const WHOLE = new Intl.NumberFormat(language)
const SIGNED = new Intl.NumberFormat(language, { signDisplay: 'exceptZero' })
const PERCENT = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 })
const MOMENT = new Intl.DateTimeFormat(language, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})
const DAY = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'long', timeZone: 'UTC' })

/** `12,345` */
export function count(n: number): string {
  return WHOLE.format(n)
}

/** `+70`, `−60`, `0` */
export function signed(n: number): string {
  return SIGNED.format(n).replace('-', '\u2212')
}

/** `84 %`, rounded down, so that 100 % means all. */
export function percent(part: number, whole: number): string {
  return PERCENT.format(whole === 0 ? 0 : Math.floor((part * 100) / whole) / 100)
}

/** Day and time of an ISO time, where the reader is. */
export function moment(at: string): string {
  return MOMENT.format(new Date(at))
}

/** An ISO date. */
export function day(date: string): string {
  return DAY.format(new Date(date))
}

/** Direction overrides and other characters that would garble the text around a name. */
const GARBLING = /[\p{Cc}\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu

/** A text that a stranger chose, without what would garble the text around it. */
export function plain(text: string): string {
  return text.toWellFormed().replaceAll(GARBLING, ' ').trim()
}
