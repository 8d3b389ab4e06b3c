import { readFileSync } from 'node:fs'
import type { Registry } from 'prom-client'

/** The metrics in the table under `heading` of docs/metrics.md: each name with its labels, sorted. */
export function documentedMetrics(heading: string): Map<string, string[]> {
  const docs = readFileSync(new URL('../docs/metrics.md', import.meta.url), 'utf8')
  const section = docs.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  const rows = section.matchAll(/^\| `(bsky_rpg_\w+)` +\| ([^|]*)\|/gm)
  return new Map([...rows].map(([, name = '', labels = '']) => [name, (labels.match(/\w+/g) ?? []).sort()]))
}

/** The metrics of a registry in which every one has a value: each name with its labels, sorted. */
export async function measuredMetrics(registry: Registry): Promise<Map<string, string[]>> {
  const all = await registry.getMetricsAsJSON()
  return new Map(
    all.map(({ name, type, values }) => {
      const names = new Set(values.flatMap(({ labels }) => Object.keys(labels ?? {})))
      // Histograms add one for their buckets.
      if (type.toString() === 'histogram') names.delete('le')
      return [name, [...names].sort()]
    }),
  )
}
