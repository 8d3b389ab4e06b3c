// Leaves an object as garbage in its main thread and one in a worker, and says when each is collected.
import { isMainThread, Worker } from 'node:worker_threads'

const name = isMainThread ? 'main' : 'worker'
const registry = new FinalizationRegistry(() => console.log(`${name} is clean`))
registry.register({}, undefined)
// Keeps the registry, too: it would go with the garbage.
setInterval(() => registry, 1_000)
if (isMainThread) new Worker(new URL(import.meta.url))
console.log(`${name} runs`)
