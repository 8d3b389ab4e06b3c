// The kinds of record that count, one file each. A new kind is a new file here and a line in this list, from which the
// stream's collections follow. Rules are pure: they see one record and know nothing of people, time or stores.
import { like } from './like.ts'
import { post } from './post.ts'
import { repost } from './repost.ts'
import type { Rule } from './rule.ts'

export const builtInRules: readonly Rule[] = [post, repost, like]
