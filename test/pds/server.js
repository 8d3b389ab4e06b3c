// A personal data server with its PLC directory, both on free ports of this machine. Prints their URLs as JSON, and ends with its
// standard input. `node server.js <https origin> <http origin>` has it find the first of these at the second.
const [at, served] = process.argv.slice(2)
if (at !== undefined && served !== undefined) {
  const real = globalThis.fetch
  // Before the server is loaded: it takes fetch as it finds it.
  globalThis.fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input))
    return url.origin === at ? real(new URL(url.pathname + url.search, served), init) : real(input, init)
  }
}
const { TestNetworkNoAppView } = await import('@atproto/dev-env')
const network = await TestNetworkNoAppView.create({ plc: {}, pds: { hostname: 'localhost' } })
console.log(JSON.stringify({ pds: network.pds.url, plc: network.plc.url }))
process.stdin.resume()
process.stdin.on('end', async () => {
  await network.close()
  process.exit(0)
})
