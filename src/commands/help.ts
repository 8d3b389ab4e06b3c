import { type Variable, variables } from '../config/variables.ts'
import { flagOf } from '../config.ts'
import type { Command } from './command.ts'

/** The output of `bsky-rpg --help`. */
export function help(commands: Readonly<Record<string, Command>>): string {
  const entries = Object.entries(commands)
  const width = Math.max(...entries.map(([word, { usage }]) => word.length + usage.length))
  const lines = entries.map(([word, { usage, summary }]) => `  ${(word + usage).padEnd(width)}  ${summary}`)
  return ['usage: bsky-rpg <command> [flags]', '', ...lines, '', settings()].join('\n')
}

/** The output of `bsky-rpg <command> --help`. */
export function helpOf(word: string, { usage, summary, flags }: Command): string {
  const own = Object.entries(flags).map(([name, { type, meaning }]) => {
    return `  --${name}${type === 'string' ? ' <value>' : ''}\n      ${meaning}`
  })
  return [
    `usage: bsky-rpg ${word}${usage} [flags]`,
    '',
    `${summary}.`,
    '',
    ...own,
    ...(own.length > 0 ? [''] : []),
    settings(),
  ].join('\n')
}

/** Every variable with its flag, default and meaning, as the Markdown table in docs/configuration.md. */
export function reference(): string {
  const rows = Object.entries<Variable<unknown>>(variables).map(([name, variable]) => {
    return `| \`${name}\` | \`--${flagOf(name)}\` | ${defaultOf(variable, '`')} | ${variable.meaning} |`
  })
  return ['| variable | flag | default | meaning |', '|---|---|---|---|', ...rows].join('\n')
}

function settings(): string {
  const lines = Object.entries<Variable<unknown>>(variables).map(([name, variable]) => {
    return `  --${flagOf(name)} <value>\n      ${variable.meaning} (${name}; default: ${defaultOf(variable, '')})`
  })
  return ['settings, as a flag or an environment variable; flags win:', ...lines].join('\n')
}

function defaultOf({ fallback, shown }: Variable<unknown>, quote: string): string {
  if (shown !== undefined) return shown
  return fallback === undefined ? 'none' : `${quote}${fallback}${quote}`
}
