// The shapes of bsky.app's page that matter here: how names, handles, pictures and test ids lie in each other. They are built with
// the app's own library, react-native-web, so that its class names, texts and reactions to strangers' nodes are the real ones.
import { createContext, useContext } from 'react'
import { Pressable, Text, View } from 'react-native'

const FONT = 'InterVariable, Inter, system-ui, sans-serif'
const THEMES = {
  light: {
    back: '#ffffff',
    ink: '#0b0f14',
    soft: '#42576c',
    line: '#d4dbe2',
    sky: '#006aff',
    raised: '#eff2f6',
  },
  dim: {
    back: '#151d28',
    ink: '#ffffff',
    soft: '#aebbc9',
    line: '#2c3a4e',
    sky: '#208bfe',
    raised: '#1c2736',
  },
  dark: {
    back: '#000000',
    ink: '#ffffff',
    soft: '#a5b2c5',
    line: '#232e3e',
    sky: '#208bfe',
    raised: '#111822',
  },
}
export const Page = createContext({ theme: 'light', navigate: () => {} })

export function useColours() {
  return THEMES[useContext(Page).theme]
}

const md = { fontSize: 15, lineHeight: 17.25, fontFamily: FONT, letterSpacing: 0 }
const text = { ...md, lineHeight: 20 }

/** A link as the app makes them: a real address, which it opens itself. */
function Anchor({ to, style, label, testID, children, lines }) {
  const { navigate } = useContext(Page)
  return (
    <Text
      href={to}
      role="link"
      testID={testID}
      accessibilityLabel={label}
      numberOfLines={lines}
      style={style}
      onPress={(event) => {
        event?.preventDefault?.()
        navigate(to)
      }}
    >
      {children}
    </Text>
  )
}

function Block({ to, label, testID, style, children }) {
  const { navigate } = useContext(Page)
  return (
    <Pressable
      accessibilityRole="link"
      href={to}
      testID={testID}
      accessibilityLabel={label}
      style={style}
      onPress={(event) => {
        event?.preventDefault?.()
        if (to !== undefined) navigate(to)
      }}
    >
      {children}
    </Pressable>
  )
}

/** A mark of verification: a drawing without text. */
function Mark({ style }) {
  return (
    <View style={[{ flexDirection: 'row', alignItems: 'center', gap: 2 }, style]}>
      <View style={{ width: 12, height: 12, borderRadius: 6, backgroundColor: '#0a7aff' }} />
    </View>
  )
}

function hue(handle) {
  let sum = 0
  for (const character of handle) sum = (sum * 31 + character.charCodeAt(0)) % 360
  return sum
}

function Picture({ person, size }) {
  return (
    <View
      testID="userAvatarFallback"
      style={{
        width: size,
        height: size,
        borderRadius: size,
        backgroundColor: `hsl(${hue(person.handle)} 45% 52%)`,
      }}
    />
  )
}

function Avatar({ person, size = 42 }) {
  return (
    <View style={{ flexShrink: 1 }}>
      <Block to={`/profile/${person.handle}`} label={`${person.name}’s avatar`} style={{ borderRadius: 999 }}>
        <Picture person={person} size={size} />
      </Block>
    </View>
  )
}

/** The row of name, marks, handle and time above every post. In quotes nothing in it is a link. */
function Meta({ person, quoted = false }) {
  const colours = useColours()
  const to = `/profile/${person.address ?? person.handle}`
  const Part = quoted ? Text : Anchor
  const linked = quoted ? {} : { to, label: 'View profile', lines: 1 }
  const plain = quoted ? { numberOfLines: 1 } : {}
  return (
    <View
      style={{ flex: 1, flexDirection: 'row', alignItems: 'center', paddingBottom: 4, gap: 4, zIndex: 20 }}
    >
      <View style={{ flexDirection: 'row', alignItems: 'flex-end', flexShrink: 1 }}>
        <View style={{ flexShrink: 1 }}>
          <View style={{ display: 'block' }}>
            <View style={{ flexDirection: 'row', alignItems: 'flex-end', flexShrink: 1 }}>
              <Part
                {...linked}
                {...plain}
                style={[
                  md,
                  { color: colours.ink, fontWeight: '600', flexShrink: 0, maxWidth: '70%' },
                  { direction: 'ltr', unicodeBidi: 'isolate' },
                ]}
              >
                {person.name}
              </Part>
              {person.verified && <Mark style={{ paddingLeft: 2, alignSelf: 'center' }} />}
              <Part {...linked} {...plain} style={[md, { color: colours.soft, flexShrink: 10 }]}>
                {`\u00a0@${person.handle}`}
              </Part>
            </View>
          </View>
        </View>
        {!quoted && (
          <Anchor
            to={`/profile/${person.handle}/post/3k`}
            style={[md, { paddingLeft: 4, color: colours.soft, whiteSpace: 'nowrap' }]}
          >
            <Text>· </Text>2h
          </Anchor>
        )}
      </View>
    </View>
  )
}

function RepostedBy({ person }) {
  const colours = useColours()
  return (
    <Block
      to={`/profile/${person.handle}`}
      label={`Reposted by ${person.name}`}
      style={{ flexDirection: 'row', alignItems: 'center', marginBottom: 2 }}
    >
      <View style={{ width: 13, height: 13, marginRight: 4, backgroundColor: colours.soft }} />
      <View style={{ flexShrink: 1 }}>
        <View style={{ display: 'block' }}>
          <Text numberOfLines={1} style={[md, { color: colours.soft }]}>
            Reposted by {person.name}
          </Text>
        </View>
      </View>
    </Block>
  )
}

function RepliedTo({ person }) {
  const colours = useColours()
  return (
    <View style={{ flexDirection: 'row', marginBottom: 2 }}>
      <Text numberOfLines={1} style={[md, { color: colours.soft }]}>
        Replied to{' '}
        <Anchor to={`/profile/${person.handle}`} style={[md, { color: colours.soft }]}>
          {person.name}
        </Anchor>
      </Text>
    </View>
  )
}

function Mention() {
  const colours = useColours()
  return (
    <Anchor to="/profile/did:plc:mentionedmentionedmentio" style={[text, { color: colours.sky }]}>
      @mentioned.test
    </Anchor>
  )
}

function Quote({ person }) {
  const colours = useColours()
  return (
    <View style={{ marginTop: 8, borderWidth: 1, borderColor: colours.line, borderRadius: 8 }}>
      <Block label={`Post by ${person.handle}`} style={{ padding: 12 }}>
        <View style={{ flexDirection: 'row', gap: 4, alignItems: 'center' }}>
          <Picture person={person} size={20} />
          <Meta person={person} quoted />
        </View>
        <Text style={[text, { color: colours.ink }]}>What was quoted here.</Text>
      </Block>
    </View>
  )
}

/** A post in a feed; in search results the same without its test id. */
export function Post({ person, words, anonymous = false, repostedBy, repliedTo, quote }) {
  const colours = useColours()
  return (
    <Pressable
      testID={anonymous ? undefined : `feedItem-by-${person.handle}`}
      accessibilityRole="link"
      accessible={false}
    >
      <View
        style={{
          paddingTop: 10,
          paddingRight: 15,
          paddingBottom: 8,
          paddingLeft: 10,
          borderTopWidth: 1,
          borderColor: colours.line,
        }}
      >
        {repostedBy && <RepostedBy person={repostedBy} />}
        <View style={{ flexDirection: 'row', gap: 10 }}>
          <View style={{ paddingLeft: 8 }}>
            <Avatar person={person} />
          </View>
          <View style={{ flex: 1 }}>
            <Meta person={person} />
            {repliedTo && <RepliedTo person={repliedTo} />}
            <Text testID="postText" style={[text, { color: colours.ink }]}>
              {words} <Mention />
            </Text>
            {quote && <Quote person={quote} />}
          </View>
        </View>
      </View>
    </Pressable>
  )
}

/** The first post of a thread: one link around picture, name and handle; its text has no test id. */
export function ThreadPost({ person }) {
  const colours = useColours()
  return (
    <View testID={`postThreadItem-by-${person.handle}`} style={{ padding: 16 }}>
      <View style={{ flexDirection: 'row', gap: 12 }}>
        <Avatar person={person} />
        <Block to={`/profile/${person.handle}`} label={person.name} style={{ flex: 1 }}>
          <View style={{ flex: 1, alignItems: 'flex-start' }}>
            <View style={{ width: '100%', flexShrink: 1 }}>
              <View style={{ display: 'block' }}>
                <View style={{ flexDirection: 'row', alignItems: 'center' }}>
                  <Text
                    numberOfLines={1}
                    style={[
                      md,
                      { color: colours.ink, fontSize: 17, lineHeight: 22, fontWeight: '600', flexShrink: 1 },
                    ]}
                  >
                    {person.name}
                  </Text>
                  <View style={{ paddingLeft: 4 }}>{person.verified && <Mark />}</View>
                </View>
                <Text numberOfLines={1} style={[text, { color: colours.soft }]}>
                  @{person.handle}
                </Text>
              </View>
            </View>
          </View>
        </Block>
      </View>
      <Text style={[text, { color: colours.ink, marginTop: 8 }]}>
        The first post’s text mentions <Mention /> and{' '}
        <Anchor to="/profile/did:plc:mentionedmentionedmentio" style={[text, { color: colours.sky }]}>
          somebody by other words
        </Anchor>
        .
      </Text>
    </View>
  )
}

/** Somebody in a list of people, or a suggestion of the search. */
export function Card({ person, suggestion = false }) {
  const colours = useColours()
  const { handle, name, verified } = person
  return (
    <Block
      testID={suggestion ? `searchAutoCompleteResult-${handle}` : `profileCard-${handle}-link`}
      to={`/profile/${handle}`}
      label={`View ${name}’s profile`}
      style={{ padding: 12, borderTopWidth: 1, borderColor: colours.line }}
    >
      <View style={{ width: '100%', flex: 1, gap: 4 }}>
        <View style={{ flexDirection: 'row', alignItems: 'center', gap: 8 }}>
          <Picture person={person} size={40} />
          <View style={{ flex: 1 }}>
            <View style={{ flexDirection: 'row', alignItems: 'center', maxWidth: '100%' }}>
              <Text
                numberOfLines={1}
                style={[
                  text,
                  { color: colours.ink, fontWeight: '600', flexShrink: 1, alignSelf: 'flex-start' },
                ]}
              >
                {name}
              </Text>
              {verified && <Mark style={{ paddingLeft: 4 }} />}
            </View>
            <Text numberOfLines={1} style={[text, { color: colours.soft }]}>
              @{handle}
            </Text>
          </View>
        </View>
      </View>
    </Block>
  )
}

/** A notification has the test id of a feed's post; who did it is a link in running text. */
export function Notification({ person }) {
  const colours = useColours()
  return (
    <Block
      testID={`feedItem-by-${person.handle}`}
      to="/notifications"
      style={{ padding: 10, borderTopWidth: 1, borderColor: colours.line }}
    >
      <View style={{ flexDirection: 'row', gap: 10 }}>
        <Avatar person={person} size={28} />
        <View style={{ flex: 1 }}>
          <Text style={[text, { color: colours.ink, alignSelf: 'flex-start' }]}>
            <View style={{ display: 'inline', flexShrink: 1 }}>
              <View style={{ display: 'inline' }}>
                <Anchor
                  to={`/profile/${person.handle}`}
                  style={[text, { color: colours.ink, fontWeight: '600' }]}
                >
                  {person.name}
                  {person.verified && <Mark style={{ paddingHorizontal: 2 }} />}
                </Anchor>
              </View>
            </View>{' '}
            and <Text style={{ fontWeight: '600' }}>2 others</Text> liked your post · 1h
          </Text>
          <Text style={[text, { color: colours.soft }]}>The post that was liked.</Text>
        </View>
      </View>
    </Block>
  )
}

function Button({ testID, label }) {
  const colours = useColours()
  return (
    <Pressable
      testID={testID}
      accessibilityRole="button"
      accessibilityLabel={label}
      style={{ paddingVertical: 8, paddingHorizontal: 14, borderRadius: 99, backgroundColor: colours.raised }}
    >
      <Text style={[md, { color: colours.ink, fontWeight: '600' }]}>{label}</Text>
    </Pressable>
  )
}

export function ProfileHeader({ person, isOwn }) {
  const colours = useColours()
  const to = `/profile/${person.handle}`
  return (
    <View>
      <View style={{ height: 100, backgroundColor: `hsl(${hue(person.handle)} 40% 70%)` }} />
      <View style={{ paddingHorizontal: 16, paddingTop: 10, paddingBottom: 8, overflow: 'hidden' }}>
        <View style={{ flexDirection: 'row', justifyContent: 'flex-end', gap: 4, paddingBottom: 8 }}>
          <Button
            testID={isOwn ? 'profileHeaderEditProfileButton' : 'followBtn'}
            label={isOwn ? 'Edit Profile' : 'Follow'}
          />
        </View>
        <View style={{ gap: 4, paddingBottom: 8 }}>
          <View>
            <Text
              testID="profileHeaderDisplayName"
              style={[
                md,
                {
                  color: colours.ink,
                  fontSize: 26,
                  lineHeight: 30,
                  fontWeight: '700',
                  alignSelf: 'flex-start',
                },
              ]}
            >
              {person.name}
              <View style={{ paddingLeft: 4 }}>{person.verified && <Mark />}</View>{' '}
            </Text>
          </View>
          <View style={{ flexDirection: 'row', gap: 8, alignItems: 'center', maxWidth: '100%' }}>
            <Text numberOfLines={1} style={[text, { color: colours.soft, wordBreak: 'break-all' }]}>
              @{person.handle}
            </Text>
          </View>
        </View>
        <View style={{ gap: 12 }}>
          <View style={{ flexDirection: 'row', gap: 8 }}>
            <Anchor
              testID="profileHeaderFollowersButton"
              to={`${to}/followers`}
              style={[md, { color: colours.soft }]}
            >
              12 followers
            </Anchor>
            <Anchor
              testID="profileHeaderFollowsButton"
              to={`${to}/follows`}
              style={[md, { color: colours.soft }]}
            >
              3 following
            </Anchor>
          </View>
          <View>
            <Text testID="profileHeaderDescription" style={[text, { color: colours.ink }]}>
              Reads, walks, describes. With <Mention />.
            </Text>
          </View>
        </View>
      </View>
      <View
        style={{
          flexDirection: 'row',
          gap: 24,
          padding: 12,
          borderBottomWidth: 1,
          borderColor: colours.line,
        }}
      >
        <Text style={[md, { color: colours.ink, fontWeight: '600' }]}>Posts</Text>
        <Text style={[md, { color: colours.soft }]}>Replies</Text>
      </View>
    </View>
  )
}
