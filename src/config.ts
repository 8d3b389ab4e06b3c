// The only reader of the environment and of flags; all other code is given a typed, checked object.
import { parseArgs } from 'node:util'
import { type Variable, variables } from './config/variables.ts'

type Variables = typeof variables

/** The checked settings; `undefined` if one is not set and has no default. */
export type Config = {
  [Name in keyof Variables]:
    | ReturnType<Variables[Name]['parse']>
    | (Variables[Name]['fallback'] extends undefined ? undefined : never)
}

/** A setting is not valid. The message gives its name, its value and what is expected. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** Flags of commands beyond the variables, by name without dashes. */
export type CommandFlags = Readonly<Record<string, { type: 'string' | 'boolean'; meaning: string }>>

export type Invocation = {
  config: Config
  positionals: string[]
  flags: Readonly<Record<string, string | boolean | undefined>>
}

/**
 * Reads a command's words; flags win over the environment, which wins over defaults.
 * @throws {ConfigError}
 */
export function readInvocation(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  commandFlags: CommandFlags = {},
): Invocation {
  const { values, positionals } = parseWords(words, commandFlags)
  const entries = Object.entries<Variable<unknown>>(variables).map(([name, variable]) => {
    const given = values[flagOf(name)]
    // An empty variable counts as not set: compose files clear variables that way.
    const text = typeof given === 'string' ? given : environment[name] || variable.fallback
    return [name, text === undefined ? undefined : parsed(name, variable, text)]
  })
  const flags = Object.fromEntries(Object.keys(commandFlags).map((name) => [name, values[name]]))
  return { config: Object.fromEntries(entries) as Config, positionals, flags }
}

/** `--database-url` for `DATABASE_URL`. */
export function flagOf(variable: string): string {
  return variable.toLowerCase().replaceAll('_', '-')
}

function parseWords(words: readonly string[], commandFlags: CommandFlags) {
  const options: Record<string, { type: 'string' | 'boolean' }> = {}
  for (const name of Object.keys(variables)) options[flagOf(name)] = { type: 'string' }
  for (const [name, { type }] of Object.entries(commandFlags)) options[name] = { type }
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`${why.split('. ')[0]}; expected one of the flags that --help lists`, {
      cause: error,
    })
  }
}

function parsed(
  name: string,
  { parse, secret, hide = (all) => all }: Variable<unknown>,
  text: string,
): unknown {
  try {
    return parse(text)
  } catch (error) {
    const given = secret ? 'a secret value' : JSON.stringify(hide(text))
    const expected = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`${name} is ${given}; expected ${expected}`, { cause: error })
  }
}
