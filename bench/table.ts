import { cpus, totalmem } from 'node:os'

export type Row = { name: string; value: string; note: string }

export function rate(perSecond: number): string {
  return `${Math.round(perSecond).toLocaleString('en')}/s`
}

/** Prints rows as a Markdown table. */
export function print(title: string, rows: readonly Row[]): void {
  console.log(`\n### ${title}\n\n| what | measured | |\n|---|---|---|`)
  for (const { name, value, note } of rows) console.log(`| ${name} | ${value} | ${note} |`)
}

export function machine(): string {
  const [first] = cpus()
  return `${cpus().length} × ${first?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node ${process.version}`
}
