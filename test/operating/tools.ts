import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export type Tool = 'prometheus' | 'prometheus-alertmanager' | 'promtool' | 'amtool'

/** Why tests that need `tools` are skipped; false where they are all there. CI installs them: there their lack is a failure. */
export function without(...tools: readonly Tool[]): string | false {
  const missing = tools.filter((tool) => !isInstalled(tool))
  return missing.length === 0 || process.env.CI !== undefined ? false : `not installed: ${missing.join(', ')}`
}

function isInstalled(tool: Tool): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.some((folder) => existsSync(join(folder, tool)))
}

export type Ended = { code: number | null; output: string }

/** Runs a tool with `input` on its standard input, and gives its exit code and all that it wrote. */
export function run(tool: Tool, args: readonly string[], input = ''): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        output += data
      })
    }
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
    // A tool that refuses its arguments does not read.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
