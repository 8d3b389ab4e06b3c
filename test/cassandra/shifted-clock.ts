// Loaded before a program: its clock is off by so many milliseconds. Timers, and the clock that only goes forward, are not.
const shiftMs = Number(process.env.CLOCK_SHIFT_MS ?? 0)
const now = Date.now.bind(Date)
Date.now = () => now() + shiftMs
