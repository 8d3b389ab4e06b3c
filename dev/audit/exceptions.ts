// Advisories that are known and stay for now, each with the reason and a date on which somebody has to look again.
import type { Finding } from './report.ts'

/** An advisory about a package that the audit accepts until a day. */
export interface Exception {
  /** Folder of the lock file, `.` for the root. */
  readonly folder: string
  readonly advisory: string
  readonly package: string
  readonly why: string
  /** The last day on which it holds, as `YYYY-MM-DD`, UTC. */
  readonly until: string
}

const FIELDS = ['folder', 'advisory', 'package', 'why', 'until'] as const
/** A reason shorter than this explains nothing. */
const MIN_WHY_LENGTH = 20

/**
 * Reads the list of exceptions.
 *
 * @throws Error which names the exception that lacks something, and what
 */
export function exceptionsIn(json: string): Exception[] {
  const list: unknown = JSON.parse(json)
  if (!Array.isArray(list)) throw new Error('expected a list of exceptions')
  return list.map((entry: unknown, index) => {
    const values = Object(entry) as Record<string, unknown>
    for (const field of FIELDS) {
      if (typeof values[field] !== 'string') throw new Error(`exception ${index + 1} has no text "${field}"`)
    }
    const exception = values as unknown as Exception
    const unknown = Object.keys(values).filter((key) => !(FIELDS as readonly string[]).includes(key))
    if (unknown.length > 0) throw new Error(`exception ${index + 1} has an unknown field "${unknown[0]}"`)
    if (exception.why.length < MIN_WHY_LENGTH) throw new Error(`exception ${index + 1} does not say why`)
    if (!isDay(exception.until)) {
      throw new Error(`exception ${index + 1} is until "${exception.until}", expected a day as YYYY-MM-DD`)
    }
    return exception
  })
}

/** Says which findings have no exception, and which exceptions have no finding. */
export function compare(findings: readonly Finding[], exceptions: readonly Exception[]): string[] {
  return [
    ...findings
      .filter((finding) => !exceptions.some((exception) => isFor(exception, finding)))
      .map(
        ({ advisory, package: name, severity, title, url }) =>
          `${advisory} (${severity}) in ${name}: ${title}; ${url}`,
      ),
    ...exceptions
      .filter((exception) => !findings.some((finding) => isFor(exception, finding)))
      .map(
        ({ advisory, package: name }) => `the exception for ${advisory} in ${name} is not needed: remove it`,
      ),
  ]
}

/** Says which exceptions have ended before `today` (`YYYY-MM-DD`, UTC). */
export function ended(exceptions: readonly Exception[], today: string): string[] {
  return exceptions
    .filter(({ until }) => until < today)
    .map(
      ({ folder, advisory, package: name, until }) =>
        `${folder}: the exception for ${advisory} in ${name} ended on ${until}: update ${name}, or look again and say why it may stay`,
    )
}

function isFor(exception: Exception, finding: Finding): boolean {
  return exception.advisory === finding.advisory && exception.package === finding.package
}

function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === text
}
