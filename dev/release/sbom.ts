// The software bill of materials of a release: every package that it installs, with version, licence and hash, as CycloneDX.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { installedPackages } from './locked-packages.ts'

const ROOT = new URL('../../', import.meta.url)

type Component = {
  'bom-ref': string
  name: string
  version: string
  purl: string
  licenses?: { license?: { id?: string; name?: string }; expression?: string }[]
  hashes?: { alg: string; content: string }[]
}

export type Sbom = {
  bomFormat: 'CycloneDX'
  specVersion: string
  metadata: { component: Component & { type: string; properties?: unknown } }
  components: Component[]
  dependencies: { ref: string; dependsOn: string[] }[]
}

/** Has npm write it from the lock file, and leaves out what is only there for development. It is about the package `name`. */
export function sbomOf(name: string): Sbom {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only']
  const output = execFileSync('npm', args, {
    cwd: fileURLToPath(ROOT),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const all = JSON.parse(output) as Sbom
  const installed = installedPackages(new URL('package-lock.json', ROOT))
  // npm names ours after the folder of the checkout, and says that the sources' package.json is private.
  const { properties: _, ...component } = all.metadata.component
  const isListed = (ref: string): boolean => installed.has(ref)
  const { devDependencies } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as {
    devDependencies: Record<string, string>
  }
  // Some tools of ours are what others need, too.
  const isTool = (ref: string): boolean => Object.hasOwn(devDependencies, ref.slice(0, ref.lastIndexOf('@')))
  return {
    ...all,
    metadata: { ...all.metadata, component: { ...component, name } },
    components: all.components.filter((one) => isListed(`${one.name}@${one.version}`)),
    dependencies: all.dependencies
      .filter(({ ref }) => ref === component['bom-ref'] || isListed(ref))
      .map(({ ref, dependsOn }) => {
        const listed = dependsOn.filter(isListed)
        return {
          ref,
          dependsOn: ref === component['bom-ref'] ? listed.filter((one) => !isTool(one)) : listed,
        }
      }),
  }
}
