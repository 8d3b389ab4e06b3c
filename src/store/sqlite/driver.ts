import { atHome } from '../../at-home.ts'
import type { Driver } from '../driver.ts'

export type SqliteAddress = { driver: 'sqlite'; path: string }

export const sqlite: Driver<SqliteAddress> = {
  name: 'sqlite',
  scheme: 'sqlite:',
  example: 'sqlite:path',
  expected: 'sqlite: and the path of a file',
  hasOneWriter: true,
  folderBeside: ({ path }) => `${path}-pictures`,
  readAddress(text) {
    const path = atHome(text.slice('sqlite:'.length))
    return path === '' || path === ':memory:' ? undefined : { driver: 'sqlite', path }
  },
  async open({ path }, { preparation, diskReserve, waiting }) {
    const { openSqlite } = await import('./open.ts')
    return openSqlite({ path, reserve: diskReserve, preparation, waiting })
  },
}
