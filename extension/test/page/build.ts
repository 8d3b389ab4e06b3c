// Builds the page of bsky.app's shapes, in memory.
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** The script of the page. */
export async function buildPage(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    root: fileURLToPath(new URL('.', import.meta.url)),
    define: { 'process.env.NODE_ENV': '"production"', __DEV__: 'false' },
    resolve: { alias: { 'react-native': 'react-native-web' } },
    build: {
      write: false,
      lib: { entry: 'app.jsx', formats: ['es'], fileName: 'app' },
    },
  })
  const outputs = Array.isArray(built) ? built : [built]
  for (const output of outputs) {
    if (!('output' in output)) continue
    for (const file of output.output) if (file.type === 'chunk') return file.code
  }
  throw new Error('the page of bsky.app’s shapes was not built')
}
