import { reference } from '../src/commands/help.ts'

const HEAD = `# Configuration

Each setting is an environment variable and a flag; flags win. An empty variable counts as not set.
`

/** The text of docs/configuration.md, from the table of settings that the program uses. */
export function configurationPage(): string {
  return `${HEAD}\n${reference()}\n`
}
