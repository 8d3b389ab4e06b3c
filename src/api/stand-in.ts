import { createHash } from 'node:crypto'

/** The picture of everybody without an avatar, in colours that suit light and dark pages. */
export const NO_AVATAR = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96" viewBox="0 0 96 96"><rect width="96" height="96" fill="#8b95a5"/><circle cx="48" cy="38" r="17" fill="#e9ecf1"/><path d="M14 96c3-42 65-42 68 0Z" fill="#e9ecf1"/></svg>',
)

/** A strong ETag of a picture's bytes. */
export function etagOf(bytes: Buffer): string {
  return `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
}
