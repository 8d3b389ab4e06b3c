// The composer: its gallery, its own notice about alt text, a GIF, a video.
import { Pressable, Text, TextInput, View } from 'react-native'
import { useColours } from './parts.jsx'

const text = { fontSize: 15, lineHeight: 20, fontFamily: 'Inter, system-ui, sans-serif' }

/** The app's icons are components of their own: one takes the other's place. */
function Done() {
  return (
    <svg width="12" height="12" viewBox="0 0 24 24" aria-hidden="true">
      <path
        fill="#fff"
        d="M21.59 3.193a1 1 0 0 1 .217 1.397l-11.706 16a1 1 0 0 1-1.429.193l-6.294-5a1 1 0 1 1 1.244-1.566l5.48 4.353 11.09-15.16a1 1 0 0 1 1.398-.217Z"
      />
    </svg>
  )
}

function Plus() {
  return (
    <svg width="12" height="12" viewBox="0 0 24 24" aria-hidden="true">
      <path fill="#fff" d="M11 4h2v16h-2zM4 11h16v2H4z" />
    </svg>
  )
}

function AltButton({ described }) {
  return (
    <Pressable
      testID="altTextButton"
      accessibilityRole="button"
      accessibilityLabel="Add alt text"
      style={{
        position: 'absolute',
        top: 8,
        left: 8,
        borderRadius: 6,
        backgroundColor: 'rgba(0,0,0,.75)',
        padding: 4,
      }}
    >
      {described ? <Done /> : <Plus />}
      <Text style={{ color: '#fff', fontSize: 12, fontWeight: '700' }}>ALT</Text>
    </Pressable>
  )
}

function Notice() {
  const colours = useColours()
  return (
    <View style={{ padding: 10, borderWidth: 1, borderColor: colours.line, borderRadius: 8, marginTop: 8 }}>
      <Text style={[text, { color: colours.soft }]}>
        Alt text describes images for blind and low-vision users, and helps give context to everyone.
      </Text>
    </View>
  )
}

function Gallery({ images }) {
  return (
    <View>
      <View testID="selectedPhotosView" style={{ flexDirection: 'row', gap: 8, marginTop: 16 }}>
        {images.map(({ id, described }) => (
          <View key={id} style={{ width: 160, height: 160 }}>
            <AltButton described={described} />
            <View
              testID="selectedPhotoImage"
              style={{ width: 160, height: 160, borderRadius: 8, backgroundColor: '#8fb3a5', zIndex: -1 }}
            />
          </View>
        ))}
      </View>
      {images.some(({ described }) => !described) && <Notice />}
    </View>
  )
}

/** `media`: images with or without description, `gif`, `video`, or nothing. */
export function Composer({ images = [], gif, video = false }) {
  const colours = useColours()
  return (
    <View
      role="dialog"
      aria-modal
      aria-label="New post"
      style={{ padding: 16, borderWidth: 1, borderColor: colours.line, borderRadius: 12, margin: 12 }}
    >
      <View testID="composePostView">
        <TextInput
          multiline
          accessibilityLabel="Write a post"
          placeholder="What’s up?"
          style={[text, { color: colours.ink, minHeight: 60 }]}
        />
        {images.length > 0 && <Gallery images={images} />}
        {gif !== undefined && (
          <View style={{ marginTop: 8 }}>
            <AltButton described={gif === 'described'} />
            <Notice />
          </View>
        )}
        {video && (
          <View style={{ marginTop: 8 }}>
            <video width="240" height="120" muted />
          </View>
        )}
      </View>
      <Pressable
        testID="composerPublishBtn"
        accessibilityRole="button"
        style={{ alignSelf: 'flex-end', padding: 8, borderRadius: 99, backgroundColor: colours.sky }}
      >
        <Text style={{ color: '#fff' }}>Post</Text>
      </Pressable>
    </View>
  )
}
