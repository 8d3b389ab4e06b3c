/** Bounds of a fuzzer among the tests: a slow machine tries fewer cases. `npm run fuzz` has as much time as it is given. */
export const IN_CI = { interruptAfterTimeLimit: 10_000, markInterruptAsFailure: false } as const
