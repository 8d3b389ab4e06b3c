// Loaded before a program: shifts its clock by so many milliseconds. Timers and the monotonic clock stay right.
const shiftMs = Number(process.env.CLOCK_SHIFT_MS ?? 0)
const now = Date.now.bind(Date)
Date.now = () => now() + shiftMs
