// What a release installs, as package-lock.json has it.
import { readFileSync } from 'node:fs'

/** An entry of the lock file's `packages`. */
type Entry = {
  version?: string
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
}

/**
 * Every package that is installed without development tools, as `name@version`. Follows the lock file itself, since `npm sbom
 * --omit dev` (npm 11) leaves out what development tools need as well, direct dependencies among them, and the lock file marks as needed
 * what is only an optional peer, such as typescript.
 */
export function installedPackages(lock: URL): Set<string> {
  const { packages } = JSON.parse(readFileSync(lock, 'utf8')) as { packages: Record<string, Entry> }
  const visited = new Set<string>()
  const visit = (path: string): void => {
    if (visited.has(path)) return
    visited.add(path)
    const entry = packages[path] ?? {}
    for (const name of neededBy(entry)) {
      const found = resolve(packages, path, name)
      // Optional packages may be left out of a lock file.
      if (found !== undefined) visit(found)
    }
  }
  visit('')
  visited.delete('')
  return new Set([...visited].map((path) => `${nameOf(path)}@${packages[path]?.version}`))
}

function neededBy(entry: Entry): string[] {
  const {
    dependencies = {},
    optionalDependencies = {},
    peerDependencies = {},
    peerDependenciesMeta = {},
  } = entry
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true)
  return [...Object.keys(dependencies), ...Object.keys(optionalDependencies), ...peers]
}

/** As Node does: in the package's own folder of modules, then in those of the folders above it. */
function resolve(packages: Record<string, Entry>, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (packages[path] !== undefined) return path
    if (folder === '') return undefined
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
}
