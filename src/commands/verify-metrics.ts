import { chmodSync, renameSync, writeFileSync } from 'node:fs'
import { Gauge, Registry } from 'prom-client'
import type { Micros } from '../atproto/event.ts'
import type { AuditResult } from '../store/auditor.ts'
import { CommandError } from './command.ts'

/**
 * Writes what an audit found at `at` to a file, as Prometheus's node exporter reads them in the folder of its textfile collector.
 * The file is there as a whole or not at all.
 * @throws {CommandError} where it cannot be written
 */
export async function writeVerifyMetrics(
  file: string,
  { findings, characters }: Pick<AuditResult, 'findings' | 'characters'>,
  at: Micros,
): Promise<void> {
  const registry = new Registry()
  const gauge = (name: string, help: string, value: number): void =>
    new Gauge({ name: `bsky_rpg_verify_${name}`, help, registers: [registry] }).set(value)
  gauge(
    'mismatches',
    'Numbers that the last verify found to differ from what they should be',
    findings.length,
  )
  gauge('characters', 'Characters that the last verify checked', characters)
  gauge('timestamp_seconds', 'Unix time at which the last verify ended', at / 1_000_000)
  // The exporter reads files whose names end in .prom.
  const partial = `${file}.partial`
  try {
    writeFileSync(partial, await registry.metrics())
    // The exporter is another user, whatever the umask.
    chmodSync(partial, 0o644)
    renameSync(partial, file)
  } catch (error) {
    throw new CommandError(`cannot write the metrics to ${file}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
