import { reference } from '../src/commands/help.ts'

const HEAD = `# Configuration

Each setting is an environment variable and a flag; flags win. An empty variable counts as not set.
`

/** All of docs/configuration.md: the table is the one that the program itself reads. */
export function configurationPage(): string {
  return `${HEAD}\n${reference()}\n`
}
