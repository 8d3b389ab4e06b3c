import type { Did } from '@atcute/lexicons/syntax'
import { type OpenUrl, RequestError } from '../../src/bluesky/request.ts'
import { MemoryCache } from '../../src/pictures/picture-cache.ts'
import { makePictures, type Pictures } from '../../src/pictures/pictures.ts'
import type { Reader } from '../../src/store/store.ts'

/** Pictures that are kept in memory; without `open` no avatar can be fetched. */
export function inMemory(
  reader: Pick<Reader, 'characters'>,
  open: OpenUrl = async (url) => {
    throw new RequestError(`${url} is not to be asked`)
  },
): Pictures {
  return makePictures({
    cards: new MemoryCache({ maxBytes: 2 ** 24 }),
    avatars: new MemoryCache({ maxBytes: 2 ** 24 }),
    open,
    shown: async (dids: readonly Did[]) => new Set((await reader.characters(dids)).map(({ did }) => did)),
    version: '1.2.3',
    signal: new AbortController().signal,
  })
}
