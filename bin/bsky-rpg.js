#!/usr/bin/env node
// Plain JavaScript that any Node reads: one that is too old for the program starts the one that comes with it.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Older ones lack `Map.prototype.getOrInsertComputed`, among others. */
const OLDEST = 26

if (Number(process.versions.node.split('.')[0]) >= OLDEST) await import('../src/main.ts')
else runOn(ownNode())

/** The Node among the package's optional dependencies; `undefined` where there is none for this kind of machine. */
function ownNode() {
  const require = createRequire(import.meta.url)
  const platform = process.platform === 'win32' ? 'win' : process.platform
  for (const name of [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`]) {
    try {
      const manifest = require.resolve(`${name}/package.json`)
      return join(dirname(manifest), require(manifest).bin.node)
    } catch {
      // It is for other machines, or optional dependencies were left out.
    }
  }
  return undefined
}

/** Runs the program on `node` as if it were this process. */
function runOn(node) {
  if (node === undefined) {
    console.error(
      `bsky-rpg needs Node ${OLDEST} or newer, and this is ${process.version}. It brings a Node of its own on Linux (glibc), macOS and Windows, as an optional dependency, and finds none here: install it without \`--omit=optional\`, or Node from https://nodejs.org.`,
    )
    process.exit(1)
  }
  const program = fileURLToPath(import.meta.url)
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  process.on('SIGINT', () => {
    // A terminal has sent it to both.
    if (!process.stdin.isTTY) child.kill('SIGINT')
  })
  child.on('error', (error) => {
    console.error(`bsky-rpg cannot start its own Node at ${node}: ${error.message}`)
    process.exit(1)
  })
  // As a shell tells of a program that a signal ended.
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}
