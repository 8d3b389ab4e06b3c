#!/usr/bin/env node
// Plain JavaScript, so that a Node that cannot run the program can still say so.
const [major] = process.versions.node.split('.')
if (Number(major) < 24) {
  console.error(
    `bsky-rpg needs Node 24 or newer, and this is ${process.version}. \`npm ci\` installs a Node of its own on Linux (glibc), macOS and Windows, which npm scripts use: try \`npm start\`. Elsewhere, install Node from https://nodejs.org.`,
  )
  process.exit(1)
}
await import('../src/main.ts')
