import type { Did } from '../../../atproto/event.ts'
import type { Session } from '../driver/session.ts'

const FIRST = 'SELECT did FROM characters LIMIT ?'
const NEXT = 'SELECT did FROM characters WHERE token(did) > token(?) LIMIT ?'

/**
 * The next people of this worker, at most `limit`; none after the last. In the order of tokens, as servers list them. Reads on
 * past pages that have other workers' people only.
 */
export async function ownPeople(
  session: Session,
  owns: (did: Did) => boolean,
  { after, limit }: { after: Did | undefined; limit: number },
): Promise<Did[]> {
  let last = after
  for (;;) {
    const rows =
      last === undefined
        ? await session.readForDecision(FIRST, [limit])
        : await session.readForDecision(NEXT, [last, limit])
    const dids = rows.map(({ did }) => did as Did)
    const own = dids.filter(owns)
    if (own.length > 0 || dids.length < limit) return own
    last = dids.at(-1)
  }
}
