// A page of bsky.app's shapes. The test decides what is on it through `window.change`; left screens stay in the page with
// display:none, as in the app, and the oldest of six become empty.
import { useState } from 'react'
import { flushSync } from 'react-dom'
import { createRoot } from 'react-dom/client'
import { Text, View } from 'react-native'
import { Composer } from './composer.jsx'
import { Card, Notification, Page, Post, ProfileHeader, ThreadPost, useColours } from './parts.jsx'

const MAX_MOUNTED = 6
const WORDS = [
  'Fog over the estuary this morning, and two herons who did not mind.',
  'Has anybody tried the new bakery?',
  'A thread about moss, because you asked for it.',
  'One hundred described pictures, as of today.',
]

const given = JSON.parse(document.getElementById('people').textContent)

function Menu({ own }) {
  const colours = useColours()
  if (own === undefined) return null
  return (
    <nav>
      <View style={{ flexDirection: 'row', gap: 16, padding: 12 }}>
        {[
          ['/', 'Home'],
          ['/search', 'Search'],
          [`/profile/${own}`, 'Profile'],
        ].map(([to, name]) => (
          <Text key={to} href={to} role="link" accessibilityLabel={name} style={{ color: colours.ink }}>
            {name}
          </Text>
        ))}
      </View>
    </nav>
  )
}

function Feed({ people, state, anonymous = false }) {
  return people.map((person, n) => (
    <Post
      key={person.key ?? person.handle}
      person={person}
      words={WORDS[n % WORDS.length]}
      anonymous={anonymous}
      repostedBy={state.plain ? undefined : n === 2 ? given.reposter : undefined}
      repliedTo={state.plain ? undefined : n === 3 ? given.reposter : undefined}
      quote={state.plain ? undefined : n % 4 === 1 ? people[(n + 3) % people.length] : undefined}
    />
  ))
}

function Screen({ path, state, people }) {
  const [, actor, post] = /^\/profile\/([^/]+)(\/post\/)?/.exec(path) ?? []
  const person = people.find(({ handle }) => handle === actor) ?? people[0]
  if (post !== undefined) {
    return (
      <>
        <ThreadPost person={person} />
        <Feed people={people.slice(0, 3)} state={state} />
      </>
    )
  }
  if (actor !== undefined && person !== undefined) {
    return (
      <>
        <ProfileHeader person={person} isOwn={person.handle === given.own} />
        <Feed people={people.slice(0, 40)} state={{ ...state, plain: true }} />
      </>
    )
  }
  if (path === '/search') {
    return (
      <>
        {people.slice(0, 3).map((found) => (
          <Card key={found.handle} person={found} suggestion />
        ))}
        {people.slice(0, 6).map((found) => (
          <Card key={found.handle} person={found} />
        ))}
        <Feed people={people.slice(0, 6)} state={state} anonymous />
      </>
    )
  }
  if (path === '/notifications') {
    return people.slice(0, 8).map((found) => <Notification key={found.handle} person={found} />)
  }
  return (
    <>
      {state.composer && <Composer {...state.composer} />}
      <Feed people={people} state={state} />
    </>
  )
}

function App() {
  const [state, setState] = useState({
    screens: [{ id: 0, path: location.pathname }],
    count: given.count,
    theme: given.theme,
    rename: '',
    verified: false,
    shift: 0,
    plain: given.plain,
    composer: given.composer,
  })
  const navigate = (to) => {
    history.pushState(null, '', to)
    flushSync(() =>
      setState((now) => ({ ...now, screens: [...now.screens, { id: now.screens.length, path: to }] })),
    )
  }
  window.navigate = navigate
  window.back = () => flushSync(() => setState((now) => ({ ...now, screens: now.screens.slice(0, -1) })))
  window.change = (changes) => flushSync(() => setState((now) => ({ ...now, ...changes })))
  document.documentElement.className = `theme--${state.theme}`

  const shown = (state.people ?? given.people).slice(0, state.count).map((person, n) => ({
    ...person,
    name: person.name + state.rename,
    verified: state.verified && n % 4 === 1,
  }))
  const people = [...shown.slice(state.shift), ...shown.slice(0, state.shift)]
  return (
    <Page.Provider value={{ theme: state.theme, navigate }}>
      <Frame own={given.own}>
        {state.screens.map(({ id, path }, n) => {
          const depth = state.screens.length - 1 - n
          return (
            <View key={`${id} ${path}`} style={{ display: depth === 0 ? 'flex' : 'none' }}>
              {depth < MAX_MOUNTED && <Screen path={path} state={state} people={people} />}
            </View>
          )
        })}
      </Frame>
    </Page.Provider>
  )
}

function Frame({ own, children }) {
  const colours = useColours()
  document.body.style.background = colours.back
  return (
    <View style={{ width: '100%', maxWidth: 600, marginHorizontal: 'auto', minHeight: '100vh' }}>
      <Menu own={own} />
      <View role="main" style={{ borderLeftWidth: 1, borderRightWidth: 1, borderColor: colours.line }}>
        {children}
      </View>
    </View>
  )
}

createRoot(document.getElementById('root')).render(<App />)
