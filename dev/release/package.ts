// What is published on npm: the sources as JavaScript, since Node strips types of no package in node_modules, and what they read.
import { copyFileSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const TEXTS = ['README.md', 'CHANGELOG.md', 'LICENSE', 'NOTICE']
/** A path of another file of ours, as imports and workers name it. */
const OWN_FILE = /(['"])(\.{1,2}\/[^'"\n]*)\.ts\1/g

export type PackageOptions = {
  /** Address of the repository that it is built from: npm takes provenance only where it is the one that CI vouches for. */
  repository: string | undefined
}

/** Writes the package to `folder`, in place of what is there. */
export function writePackage(folder: string, { repository }: PackageOptions): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const entry of globSync('{bin,src}/**/*', { cwd: ROOT, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const to = join(folder, path.slice(ROOT.length))
    mkdirSync(dirname(to), { recursive: true })
    if (path.endsWith('.ts'))
      writeFileSync(to.replace(/\.ts$/, '.js'), asJavaScript(readFileSync(path, 'utf8')))
    else cpSync(path, to)
  }
  const program = join(folder, 'bin/bsky-rpg.js')
  writeFileSync(program, readFileSync(program, 'utf8').replaceAll(OWN_FILE, '$1$2.js$1'))
  for (const name of TEXTS) copyFileSync(join(ROOT, name), join(folder, name))
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest(repository), null, 2)}\n`)
}

/** Lines and columns stay where they are, so that a stack trace names the source's. */
function asJavaScript(source: string): string {
  return stripTypeScriptTypes(source, { mode: 'strip' }).replaceAll(OWN_FILE, '$1$2.js$1')
}

function manifest(repository: string | undefined): object {
  const { name, version, description, license, type, bin, dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  ) as Record<string, unknown>
  return {
    ...{ name, version, description, license, type, bin },
    ...(repository === undefined ? {} : { repository: { type: 'git', url: `git+${repository}.git` } }),
    keywords: ['bluesky', 'atproto', 'jetstream', 'rpg', 'gamification'],
    files: ['bin', 'src', 'CHANGELOG.md', 'NOTICE'],
    // Any that runs npm: the program itself runs on the Node that the package brings where this one is older than 26.
    engines: { node: '>=20' },
    // Needs a release from CI, which vouches for what it was built from.
    publishConfig: { access: 'public', provenance: true },
    ...{ dependencies, optionalDependencies },
  }
}
