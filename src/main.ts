// The command line: finds the command, reads its settings, and turns errors into messages and exit codes.
import { api } from './commands/api.ts'
import { backup } from './commands/backup.ts'
import { check } from './commands/check.ts'
import { type Command, InterruptedError } from './commands/command.ts'
import { demo } from './commands/demo.ts'
import { endOfProcess } from './commands/ending.ts'
import { isExpected } from './commands/expected.ts'
import { exportLedger } from './commands/export.ts'
import { forget, unforget } from './commands/forget.ts'
import { help, helpOf } from './commands/help.ts'
import { importHistory } from './commands/import.ts'
import { ingest } from './commands/ingest.ts'
import { recompute } from './commands/recompute.ts'
import { restoreLedger } from './commands/restore.ts'
import { rollback } from './commands/rollback.ts'
import { simulate } from './commands/simulate.ts'
import { start } from './commands/start.ts'
import { verify } from './commands/verify.ts'
import { version } from './commands/version.ts'
import { ConfigError, readInvocation } from './config.ts'

const commands: Readonly<Record<string, Command>> = {
  start,
  ingest,
  api,
  demo,
  simulate,
  verify,
  check,
  forget,
  unforget,
  import: importHistory,
  recompute,
  backup,
  export: exportLedger,
  restore: restoreLedger,
  rollback,
}

// A message that cannot be written must not end the program.
process.stderr.on('error', () => {})
/** How long leftover timers and connections may keep the process alive after the command has ended. */
const LEFT_OVER_MS = 1_000

process.exitCode = await main(process.argv.slice(2))
// The process ends by itself, unless a library has left a timer or a connection open.
setTimeout(() => process.exit(), LEFT_OVER_MS).unref()

async function main([word, ...words]: readonly string[]): Promise<number> {
  if (word === undefined || word === 'help' || word === '--help' || word === '-h') {
    console.log(help(commands))
    return word === undefined ? 2 : 0
  }
  if (word === '--version' || word === '-v') {
    console.log(version())
    return 0
  }
  const command = Object.hasOwn(commands, word) ? commands[word] : undefined
  if (command === undefined) {
    return fail(
      `unknown command ${JSON.stringify(word)}; expected one of ${Object.keys(commands).join(', ')}`,
      2,
    )
  }
  if (words.includes('--help') || words.includes('-h')) {
    console.log(helpOf(word, command))
    return 0
  }
  try {
    const invocation = readInvocation(words, process.env, command.flags)
    const { length } = invocation.positionals
    if (command.positionals === 'some' ? length === 0 : length !== command.positionals) {
      throw new ConfigError(`expected \`bsky-rpg ${word}${command.usage}\`; see \`bsky-rpg ${word} --help\``)
    }
    return await command.run(invocation, endOfProcess({ underNpm: process.env.npm_command !== undefined }))
  } catch (error) {
    if (error instanceof ConfigError) return fail(error.message, 2)
    if (error instanceof InterruptedError) return fail(error.message, error.exitCode)
    if (isExpected(error)) return fail(error.message, 1)
    console.error(error)
    return 1
  }
}

function fail(message: string, code: number): number {
  console.error(`bsky-rpg: ${message}`)
  return code
}
