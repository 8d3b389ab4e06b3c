// `npm run audit`: asks the registry for advisories about everything in our lock files, and fails for each that
// dev/audit/exceptions.json does not explain. It ends with 0 if all is well, 1 if something is to be done, and 2 if the registry
// answered no audit, which --allow-offline turns into a warning.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compare, ended, exceptionsIn } from './exceptions.ts'
import { AuditUnavailableError, findingsIn } from './report.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FOLDERS = ['.', 'extension', 'test/pds']
/** npm itself would try three times for minutes; an audit that does not come is told soon, and asked for again by hand. */
const NPM_ARGUMENTS = ['audit', '--json', '--package-lock-only', '--fetch-retries=1', '--fetch-timeout=60000']

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'allow-offline': { type: 'boolean', default: false },
    root: { type: 'string', default: ROOT },
    exceptions: { type: 'string', default: join(ROOT, 'dev/audit/exceptions.json') },
  },
})
const folders = positionals.length > 0 ? positionals : FOLDERS
const exceptions = exceptionsIn(readFileSync(values.exceptions, 'utf8'))
const problems = ended(exceptions, new Date().toISOString().slice(0, 10))
const unknown: string[] = []

for (const folder of folders) {
  try {
    const findings = findingsIn(await npmAudit(join(values.root, folder)))
    const explained = exceptions.filter((exception) => exception.folder === folder)
    problems.push(...compare(findings, explained).map((problem) => `${folder}: ${problem}`))
    console.log(`${folder}: ${findings.length} advisories, ${explained.length} exceptions`)
  } catch (error) {
    if (!(error instanceof AuditUnavailableError)) throw error
    unknown.push(`${folder}: ${error.message}`)
  }
}
for (const { folder, advisory } of exceptions) {
  if (!folders.includes(folder))
    problems.push(`the exception for ${advisory} is in no audited folder: ${folder}`)
}
if (unknown.length > 0) {
  console.error(
    `${values['allow-offline'] ? 'WARNING: ' : ''}NOT AUDITED, since the registry answered no audit. Nothing is known about:\n${listed(unknown)}`,
  )
}
if (problems.length > 0) console.error(`the audit found what is to be done:\n${listed(problems)}`)
process.exitCode = problems.length > 0 ? 1 : unknown.length > 0 && !values['allow-offline'] ? 2 : 0

/** What npm prints; it ends with 1 both for findings and for errors, and says which in its output. */
function npmAudit(folder: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('npm', NPM_ARGUMENTS, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (stdout.trim() === '')
        reject(new Error(`npm audit in ${folder} printed nothing: ${stderr}`, { cause: error }))
      else resolve(stdout)
    })
  })
}

function listed(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n')
}
