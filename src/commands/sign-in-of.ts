import { hashOf } from '../api/signed-in.ts'
import type { HandleResolver } from '../bluesky/handles.ts'
import { SignIn } from '../bluesky/sign-in.ts'
import type { Config } from '../config.ts'
import { secondsOf } from '../game/time.ts'
import type { Sessions } from '../store/sessions.ts'
import { clock } from './from-config.ts'

/** Signing in as configured, with what is under way kept among the sessions. */
export function signInOf(
  { PUBLIC_URL, PLC_URL }: Config,
  { handles, sessions }: { handles: HandleResolver; sessions: Sessions },
): SignIn {
  return new SignIn({
    publicUrl: PUBLIC_URL,
    plcUrl: PLC_URL,
    resolve: (handle, signal) => handles.resolve(handle, signal),
    // By their hashes: who reads the store must not be able to come back in somebody's place.
    pending: {
      keep: (state, text, untilMs) =>
        sessions.begin({ id: hashOf(state), text, until: Math.ceil(untilMs / 1_000) }, secondsOf(clock())),
      take: (state) => sessions.finish(hashOf(state), secondsOf(clock())),
    },
    key: (make) => sessions.key(make),
  })
}
