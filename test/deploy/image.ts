// Does what a Dockerfile says, without Docker: each stage is a bare folder, in which its COPY and RUN are carried out.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DockerfileParser, type Instruction, ModifiableInstruction } from 'dockerfile-ast'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FILE = join(ROOT, 'deploy/Dockerfile')

export type Image = {
  /** What stands for `/` of the last stage. */
  root: string
  workdir: string
  environment: Record<string, string>
  entrypoint: string[]
  command: string[]
  healthcheck: string[]
  user: string
  stopSignal: string
}

/** One instruction: its name, in capitals, its flags, and what follows. */
type Step = { name: string; flags: Map<string, string>; text: string }

/** The Dockerfile's stages, each as the steps after its FROM. */
export function stagesOf(): { base: string; as: string | null; steps: Step[] }[] {
  const file = DockerfileParser.parse(readFileSync(FILE, 'utf8'))
  const stages: ReturnType<typeof stagesOf> = []
  for (const instruction of file.getInstructions()) {
    const step = stepOf(instruction)
    if (step.name === 'FROM') {
      const [base = '', , as = null] = step.text.split(/\s+/)
      stages.push({ base, as, steps: [] })
    } else stages.at(-1)?.steps.push(step)
  }
  return stages
}

/** Makes the image below `folder`, with this Node as the one of the base image. */
export function makeImage(folder: string): Image {
  const roots = new Map<string, string>()
  let image: Image | undefined
  for (const [n, { as, steps }] of stagesOf().entries()) {
    const root = join(folder, as ?? `stage-${n}`)
    roots.set(as ?? String(n), root)
    mkdirSync(join(root, 'usr/local/bin'), { recursive: true })
    symlinkSync(process.execPath, join(root, 'usr/local/bin/node'))
    image = carriedOut(steps, root, roots)
  }
  if (image === undefined) throw new Error('the Dockerfile has no stage')
  return image
}

function carriedOut(steps: readonly Step[], root: string, roots: ReadonlyMap<string, string>): Image {
  const image: Image = {
    ...{ root, workdir: '/', environment: {}, entrypoint: [], command: [], healthcheck: [], user: 'root' },
    stopSignal: 'SIGTERM',
  }
  for (const { name, flags, text } of steps) {
    switch (name) {
      case 'WORKDIR':
        image.workdir = text
        mkdirSync(join(root, text), { recursive: true })
        break
      case 'ENV':
        Object.assign(image.environment, variablesIn(text))
        break
      case 'COPY':
        copy(text, { from: flags.get('from'), root, workdir: image.workdir, roots })
        break
      case 'RUN':
        execFileSync('/bin/sh', ['-c', inFolder(text, root)], {
          cwd: join(root, image.workdir),
          env: { ...environmentOf(image), ...toRegistry() },
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        break
      case 'ENTRYPOINT':
        image.entrypoint = listIn(text)
        break
      case 'CMD':
        image.command = listIn(text)
        break
      case 'HEALTHCHECK':
        image.healthcheck = listIn(text.replace(/^CMD\s+/, ''))
        break
      case 'USER':
        image.user = text
        break
      case 'STOPSIGNAL':
        image.stopSignal = text
        break
      case 'VOLUME':
      case 'EXPOSE':
        break
      default:
        throw new Error(`this test does not know ${name}, which the Dockerfile has`)
    }
  }
  return image
}

/** How this machine reaches npm's registry, and where it has what it fetched before. */
function toRegistry(): NodeJS.ProcessEnv {
  const names =
    /^(HOME|NODE_EXTRA_CA_CERTS|SSL_CERT_\w+|(https?|no)_proxy|npm_config_(cache|cafile|registry|userconfig))$/i
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => names.test(name)))
}

/** The variables of a process in `image`: its own, and nothing of this one's but where programs are. */
export function environmentOf({
  root,
  environment,
}: Pick<Image, 'root' | 'environment'>): Record<string, string> {
  const values = Object.entries(environment).map(([name, value]) => [name, inFolder(value, root)])
  const path = `${join(root, 'usr/local/bin')}:${process.env.PATH}`
  return { HOME: root, ...Object.fromEntries(values), PATH: path }
}

/** Absolute paths of the image as they are here, and its user as this one. */
function inFolder(text: string, root: string): string {
  const { uid, gid } = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  return text.replaceAll(/(?<=^|[\s:])\/data\b/g, join(root, 'data')).replaceAll('node:node', `${uid}:${gid}`)
}

function copy(
  text: string,
  {
    from,
    root,
    workdir,
    roots,
  }: { from: string | undefined; root: string; workdir: string; roots: ReadonlyMap<string, string> },
): void {
  const parts = text.split(/\s+/)
  const target = parts.pop() ?? ''
  const to = join(root, target.startsWith('/') ? target : join(workdir, target))
  for (const part of parts) {
    const base = from === undefined ? ROOT : roots.get(from)
    if (base === undefined) throw new Error(`there is no stage ${from}`)
    const source = join(base, part)
    if (!existsSync(source)) throw new Error(`COPY ${text}: there is no ${part}`)
    if (from === undefined && !isInContext(part))
      throw new Error(`COPY ${text}: .dockerignore leaves ${part} out`)
    const isFolder = parts.length > 1 || target.endsWith('/') || target === '.'
    const into = isFolder ? join(to, basename(part)) : to
    mkdirSync(dirname(into), { recursive: true })
    cpSync(source, into, { recursive: true, verbatimSymlinks: true })
  }
}

/** Whether `path` is sent to the builder: the ignore file leaves everything out, and names what is not. */
export function isInContext(path: string): boolean {
  const lines = readFileSync(`${FILE}.dockerignore`, 'utf8').split('\n')
  let isIn = true
  for (const line of lines.map((one) => one.trim())) {
    if (line === '' || line.startsWith('#')) continue
    const pattern = line.replace(/^!/, '')
    const matches = pattern === '*' || path === pattern || path.startsWith(`${pattern}/`)
    if (matches) isIn = line.startsWith('!')
  }
  return isIn
}

/** Every file below `folder`, with its size. */
export function filesIn(folder: string): string[] {
  return globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}

function stepOf(instruction: Instruction): Step {
  const flags = instruction instanceof ModifiableInstruction ? instruction.getFlags() : []
  const text = instruction.getRawArgumentsContent() ?? ''
  return {
    name: instruction.getKeyword(),
    flags: new Map(flags.map((flag) => [flag.getName(), flag.getValue() ?? ''])),
    text: text.replaceAll(/\\\n\s*/g, ' ').trim(),
  }
}

function variablesIn(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(/\s+/).map((pair) => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

/** A list in JSON, the form in which no shell stands between Docker and the program. */
function listIn(text: string): string[] {
  const list: unknown = JSON.parse(text)
  if (!Array.isArray(list)) throw new Error(`expected a list, got ${text}`)
  return list.map(String)
}
