/** The address of client number `n`, in a network kept for measurements (RFC 2544). */
export function addressOf(n: number): string {
  return `198.${18 + ((n >> 16) & 1)}.${(n >> 8) & 255}.${n & 255}`
}
