// `npm run configuration` writes docs/configuration.md anew, from the table that the program itself reads.
import { writeFileSync } from 'node:fs'
import { reference } from '../src/commands/help.ts'

const HEAD = `# Configuration

Each setting is an environment variable and a flag; flags win. An empty variable counts as not set.
`

writeFileSync(new URL('../docs/configuration.md', import.meta.url), `${HEAD}\n${reference()}\n`)
