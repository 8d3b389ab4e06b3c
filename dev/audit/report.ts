// What `npm audit --json` reports, as far as it is read here.

/** An advisory that holds for a package in a lock file. */
export interface Finding {
  /** Such as `GHSA-35jh-r3h4-6jhm`, or the number that the registry gives where it names no other. */
  readonly advisory: string
  readonly package: string
  readonly severity: string
  readonly title: string
  readonly url: string
}

/** npm could not ask the registry, or the registry answers no audits: nothing is known, good or bad. */
export class AuditUnavailableError extends Error {
  override readonly name = 'AuditUnavailableError'
}

/**
 * Reads the output of `npm audit --json`. Each advisory is listed once for each package that it names; packages that only depend
 * on those are left out.
 *
 * @throws AuditUnavailableError if npm got no audit from the registry
 * @throws Error if the output is not a report of a version that can be read here
 */
export function findingsIn(output: string): Finding[] {
  const report = parsed(output)
  const vulnerabilities = objectIn(report, 'vulnerabilities')
  if (report.auditReportVersion !== 2 || vulnerabilities === undefined) {
    if (report.error !== undefined) throw new AuditUnavailableError(errorText(report))
    throw new Error(`expected a report of version 2 from npm audit, got: ${output.slice(0, 200)}`)
  }
  const findings = new Map<string, Finding>()
  for (const [name, vulnerability] of Object.entries(vulnerabilities)) {
    const { via } = Object(vulnerability) as { via?: unknown }
    if (!Array.isArray(via)) throw new Error(`npm audit does not say why it lists ${name}`)
    for (const cause of via as unknown[]) {
      // A text names another package of the report, which has the advisory itself.
      if (typeof cause === 'string') continue
      const finding = findingOf(Object(cause) as Record<string, unknown>, name)
      findings.set(`${finding.advisory} ${finding.package}`, finding)
    }
  }
  return [...findings.values()]
}

function findingOf(cause: Record<string, unknown>, name: string): Finding {
  const url = text(cause.url)
  return {
    advisory: /GHSA(?:-[0-9a-z]{4}){3}/.exec(url)?.[0] ?? text(cause.source),
    package: name,
    severity: text(cause.severity),
    title: text(cause.title),
    url,
  }
}

function errorText(report: Record<string, unknown>): string {
  const { code, summary } = Object(report.error) as Record<string, unknown>
  return [code, summary, report.message].map(text).filter(Boolean).join(' ') || 'npm does not say why'
}

function parsed(output: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(output)) as Record<string, unknown>
  } catch (cause) {
    throw new Error(`npm audit printed no JSON: ${output.slice(0, 200)}`, { cause })
  }
}

function objectIn(from: Record<string, unknown>, key: string): Record<string, unknown> | undefined {
  const value = from[key]
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
