import { type Dashboard, lines, number, RANGE } from './panel.ts'

const LIVE = 'cause!~"import|recompute|baseline"'
const MEDIA = 'reason=~"post\\\\.(alt|media)", cause="create"'

/** What happens on the network now, and what it earns. */
export const networkNow: Dashboard = {
  uid: 'bsky-rpg-now',
  title: 'bsky-rpg: network now',
  description: 'What people do on the network, and what it earns them.',
  hasTopMovers: true,
  rows: [
    {
      title: 'Now',
      panels: [
        number('Characters', 'People who are shown.', 'short', 'max(bsky_rpg_characters)'),
        number('XP of all', 'What all characters have earned.', 'short', 'max(bsky_rpg_experience)'),
        number(
          'Events a second',
          'Events of the stream, of all kinds.',
          'ops',
          `sum(rate(bsky_rpg_stream_events_total[${RANGE}]))`,
        ),
        number(
          'XP a minute',
          'Awarded for what people do now; imports are left out.',
          'short',
          `60 * sum(rate(bsky_rpg_xp_awarded_total{${LIVE}}[${RANGE}]))`,
        ),
        number(
          'Media described today',
          'Of all posts with media of today (UTC), those whose media are all described.',
          'percentunit',
          'max(bsky_rpg_media_posts_today{described="yes"}) / (max(bsky_rpg_media_posts_today{described="yes"}) + max(bsky_rpg_media_posts_today{described="no"}))',
        ),
        number('Watching', 'Clients that follow the stream of awards.', 'short', 'sum(bsky_rpg_sse_clients)'),
      ],
    },
    {
      title: 'What happens',
      panels: [
        {
          ...lines(
            'Events by kind',
            'Events of the stream: commits by collection, and the others.',
            'ops',
            [
              `sum by (collection) (rate(bsky_rpg_stream_events_total{kind="commit"}[${RANGE}]))`,
              '{{collection}}',
            ],
            [`sum by (kind) (rate(bsky_rpg_stream_events_total{kind!="commit"}[${RANGE}]))`, '{{kind}}'],
          ),
          kind: 'areas',
          width: 12,
        },
        {
          ...lines('XP a minute by reason', 'What earns XP now; imports are left out.', 'short', [
            `60 * sum by (reason) (rate(bsky_rpg_xp_awarded_total{${LIVE}}[${RANGE}]))`,
            '{{reason}}',
          ]),
          kind: 'areas',
          width: 12,
        },
        lines(
          'XP awarded and taken back a minute',
          'Deleting a record takes back what it had earned.',
          'short',
          [`60 * sum(rate(bsky_rpg_xp_awarded_total{${LIVE}}[${RANGE}]))`, 'awarded'],
          [`60 * sum(rate(bsky_rpg_xp_taken_back_total{${LIVE}}[${RANGE}]))`, 'taken back'],
        ),
        lines('Level-ups a minute', 'Levels gained, by what caused them.', 'short', [
          `60 * sum by (cause) (rate(bsky_rpg_level_ups_total[${RANGE}]))`,
          '{{cause}}',
        ]),
        lines('New titles an hour', 'How many people reached a title within an hour.', 'short', [
          'sum by (title) (increase(bsky_rpg_titles_reached_total[1h]))',
          '{{title}}',
        ]),
        {
          ...lines(
            'Media described',
            'The share of posts with media whose media are all described, as they are posted.',
            'percentunit',
            [
              `sum(rate(bsky_rpg_ledger_entries_total{reason="post.alt", cause="create"}[${RANGE}])) / sum(rate(bsky_rpg_ledger_entries_total{${MEDIA}}[${RANGE}]))`,
              'described',
            ],
          ),
          width: 12,
        },
        {
          title: 'Levels',
          description: 'Characters by level. As old as RANK_REFRESH says; empty with BOARDS=off.',
          kind: 'bars',
          unit: 'short',
          width: 12,
          queries: [{ expr: 'max by (from, to) (bsky_rpg_characters_by_level)', legend: '{{from}}–{{to}}' }],
        },
      ],
    },
  ],
}
