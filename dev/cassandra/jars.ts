import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const POM = fileURLToPath(new URL('./pom.xml', import.meta.url))
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/bsky-rpg-cassandra', import.meta.url))
/** The version of Java that the server needs. */
const JAVA = 17

/** Why no Cassandra can run on this machine; `undefined` if it can. */
export async function missing(): Promise<string | undefined> {
  const java = await version('java', ['-version'], /version "(\d+)/)
  if (java === undefined) return `no Java was found; install a JDK ${JAVA}`
  if (java !== JAVA) return `Java ${java} was found; Cassandra 5 needs ${JAVA}`
  if (existsSync(join(CACHE, 'lib'))) return undefined
  const maven = await version('mvn', ['-version'], /Apache Maven (\d+)/)
  return maven === undefined ? 'no Maven was found, which fetches the server; install it' : undefined
}

/** The folder with the server's jars, fetched by Maven the first time: some 70 MB. */
export async function jars(): Promise<string> {
  const lib = join(CACHE, 'lib')
  if (existsSync(lib)) return lib
  const unfinished = join(CACHE, `lib-${process.pid}`)
  mkdirSync(unfinished, { recursive: true })
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
  await run('mvn', ['-q', '-B', '-f', POM, goal, `-DoutputDirectory=${unfinished}`], { maxBuffer: 1 << 24 })
  try {
    renameSync(unfinished, lib)
  } catch (error) {
    // Another process may have fetched the jars meanwhile.
    rmSync(unfinished, { recursive: true, force: true })
    if (!existsSync(lib)) throw error
  }
  return lib
}

/** The Java agent that measures the size of objects; the server does not start without it. */
export function agentOf(lib: string): string {
  const name = readdirSync(lib).find((file) => /^jamm-[\d.]+\.jar$/.test(file))
  if (name === undefined)
    throw new Error(`${lib} has no jamm jar: remove the folder, so that it is fetched again`)
  return join(lib, name)
}

async function version(program: string, args: string[], pattern: RegExp): Promise<number | undefined> {
  try {
    const { stdout, stderr } = await run(program, args)
    const found = pattern.exec(stdout + stderr)?.[1]
    return found === undefined ? undefined : Number(found)
  } catch {
    return undefined
  }
}
