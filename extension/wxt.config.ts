import { defineConfig } from 'wxt'

export default defineConfig({
  modules: ['@wxt-dev/i18n/module'],
  // Every import is written out, so that a reader and the type checker see where a name comes from.
  imports: false,
  manifestVersion: 3,
  manifest: ({ browser }) => ({
    name: '__MSG_extension_name__',
    description: '__MSG_extension_description__',
    default_locale: 'en',
    permissions: ['storage', 'scripting'],
    // A server that answers other origins needs no permission; one that does not, and each fork of the app, is asked for by name.
    optional_host_permissions: ['https://*/*', 'http://*/*'],
    action: { default_title: '__MSG_extension_name__' },
    // Firefox would otherwise turn http into https, and a server on one's own machine has no certificate.
    content_security_policy: { extension_pages: "script-src 'self'; object-src 'self'" },
    ...(browser === 'firefox'
      ? {
          browser_specific_settings: {
            gecko: {
              // For good: another id is another extension, and updates would not reach those who have this one.
              id: '{c4eabcf1-d3cf-4642-b45d-2142c948f3ab}',
              strict_min_version: '142.0',
              // The names of authors on screen go to the server that the person has chosen.
              data_collection_permissions: { required: ['websiteContent'] },
            },
          },
        }
      : { minimum_chrome_version: '123' }),
  }),
  zip: {
    // Tests want the repository around them.
    excludeSources: ['test/**', 'store/**'],
  },
})
