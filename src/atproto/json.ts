/** A JSON object whose values are unchecked. */
export type JsonObject = { readonly [key: string]: unknown }

/** True for JSON objects only: neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
