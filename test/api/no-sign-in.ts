import type { SignIn } from '../../src/bluesky/sign-in.ts'

/** For servers at which nobody can sign in. */
export const noSignIn: Pick<SignIn, 'addressFor' | 'published' | 'begin' | 'finish'> = {
  addressFor: () => undefined,
  published: async () => undefined,
  begin: async () => {
    throw new Error('nobody can sign in here')
  },
  finish: async () => {
    throw new Error('nobody can sign in here')
  },
}
