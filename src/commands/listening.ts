import { ConfigError } from '../config.ts'

/** By the system's codes. */
const WHY_NOT: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program does',
  EACCES: 'this user may not',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such name',
}

/**
 * Lets `listen` begin to serve on `port` of `host`.
 * @param settings what to change where that cannot be
 * @throws {ConfigError} where it cannot be, for a reason that is the user's to mend
 */
export async function listening<T>(
  { host, port, settings }: { host: string; port: number; settings: string },
  listen: () => Promise<T>,
): Promise<T> {
  try {
    return await listen()
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? WHY_NOT[String(error.code)] : undefined
    if (why === undefined) throw error
    throw new ConfigError(`cannot serve on ${host}, port ${port}: ${why}. Set ${settings}.`, {
      cause: error,
    })
  }
}
