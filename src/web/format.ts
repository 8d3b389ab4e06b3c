// Numbers, times and names as the pages show them. All times are UTC.
import type { Micros } from '../atproto/event.ts'
import { type Html, html } from './html.ts'

const WHOLE = new Intl.NumberFormat('en')
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' })
const DAY_OF_YEAR = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' })

/** `12,345` */
export function count(n: number): string {
  return WHOLE.format(n)
}

/** `1 post`, `1,200 posts` */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`
}

/** `+70`, `−60`, `0`: with a true minus sign. */
export function signed(n: number): string {
  return n === 0 ? '0' : `${n > 0 ? '+' : '−'}${count(Math.abs(n))}`
}

/** `84 %`, rounded down, so that 100 % means all. */
export function percent(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Math.floor((part * 100) / whole)} %`
}

/** `25 November`, with the year where it is not `today`'s. Both are ISO dates or times. */
export function day(date: string, today: string): string {
  const at = new Date(date)
  return date.slice(0, 4) === today.slice(0, 4) ? DAY.format(at) : DAY_OF_YEAR.format(at)
}

/** `18:24`, of an ISO time. */
export function clockTime(at: string): string {
  return at.slice(11, 16)
}

/** `just now`, `4 min ago`, `3 h ago`, `5 days ago`. */
export function ago(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} min ago`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`
}

/** `95 s`, `42 min`, `5 h`, `3 days`, of microseconds. */
export function lasting(time: Micros): string {
  const seconds = Math.round(time / 1_000_000)
  if (seconds < 600) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h` : `${count(Math.floor(hours / 24))} days`
}

/** Direction overrides and other characters that would garble the text around a name. */
const GARBLING = /[\p{Cc}\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu

/** A text that a stranger chose, on its own in a page: its direction does not reach the text around it. */
export function isolated(text: string): Html {
  return html`<bdi>${plain(text)}</bdi>`
}

/** The same for attributes and titles, which have no markup. */
export function plain(text: string): string {
  return text.toWellFormed().replaceAll(GARBLING, ' ').trim()
}
