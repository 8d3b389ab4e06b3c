import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { KEYSTORE_PASSWORD } from './settings.ts'

/** Makes a key for the server at `address` in `folder`, with a certificate that it signs itself. */
export async function certificate(
  folder: string,
  address: string,
): Promise<{ keystore: string; authority: string }> {
  const keystore = join(folder, 'keystore.p12')
  const authority = join(folder, 'ca.pem')
  const store = [
    '-alias',
    'node',
    '-keystore',
    keystore,
    '-storetype',
    'PKCS12',
    '-storepass',
    KEYSTORE_PASSWORD,
  ]
  const keytool = (...args: string[]) => promisify(execFile)('keytool', [...args, ...store])
  const whose = ['-dname', 'CN=bsky-rpg-development', '-ext', `SAN=ip:${address}`, '-validity', '3650']
  await keytool('-genkeypair', '-keyalg', 'EC', ...whose)
  await keytool('-exportcert', '-rfc', '-file', authority)
  return { keystore, authority }
}
