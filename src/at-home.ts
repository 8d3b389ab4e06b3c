import { homedir } from 'node:os'

/** `path`, whose `~` a shell has not replaced, as within quotes. */
export function atHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? homedir() + path.slice(1) : path
}
