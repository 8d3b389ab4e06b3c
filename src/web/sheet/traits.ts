import { ATTRIBUTES, type Attributes, type Deeds, MAX_ATTRIBUTE } from '../../game/attributes.ts'
import { count, counted } from '../format.ts'
import { type Html, html } from '../html.ts'

/** The four attributes, each with what it comes from. */
export function traits(attributes: Attributes, deeds: Deeds): Html[] {
  return ATTRIBUTES.map(({ key, name }) => {
    const value = attributes[key]
    return html`<section class="card quarter trait trait-${key}"><h2>${name}</h2><b>${value}</b><small class="soft">${from(key, deeds)}</small>
<progress class="bar" max="${MAX_ATTRIBUTE}" value="${value}" aria-label="${name}, ${value} of ${MAX_ATTRIBUTE}"></progress></section>`
  })
}

function from(key: keyof Attributes, { posts, media, described, likes, reposts }: Deeds): string {
  switch (key) {
    case 'voice':
      return counted(posts, 'post')
    case 'clarity':
      return media === 0
        ? 'no post with media yet'
        : `${count(described)} of ${counted(media, 'post')} with media described`
    case 'warmth':
      return counted(likes, 'like')
    case 'echo':
      return counted(reposts, 'repost')
  }
}
