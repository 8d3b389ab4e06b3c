import { readFileSync } from 'node:fs'

/** CPU time of a process so far, in seconds; 0 on systems other than Linux. */
export function cpuSeconds(pid: number | undefined): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Skips the program's name, which may have any characters; times are in hundredths of a second (proc_pid_stat(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return 0
  }
}
