import { ConfigError } from '../config.ts'

/** By error code. */
const WHY_NOT: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program uses it',
  EACCES: 'this user has no permission',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such host',
}

/**
 * Calls `listen`, and explains why it cannot listen on `port` of `host`.
 * @param settings names of the settings that the user should change
 * @throws {ConfigError} if the user can fix it
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
