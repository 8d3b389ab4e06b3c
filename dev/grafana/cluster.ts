import { type Dashboard, expectZero, lines, number, RANGE } from './panel.ts'

/** Who owns which part of a ledger on a cluster, and how well that goes. */
export const cluster: Dashboard = {
  uid: 'bsky-rpg-cluster',
  title: 'bsky-rpg: cluster',
  description: 'Workers of a ledger on a cluster: their shards, journals and hand-overs.',
  hasTopMovers: false,
  rows: [
    {
      title: 'At a glance',
      panels: [
        number('Workers', 'Processes that own a shard.', 'short', 'count(bsky_rpg_shards_owned > 0)'),
        number('Shards', 'Into how many parts the ledger is divided.', 'short', 'max(bsky_rpg_shards)'),
        expectZero(
          'Shards without an owner',
          'Nobody writes to them until a worker takes them, which takes some seconds.',
          'max(bsky_rpg_shards) - sum(bsky_rpg_shards_owned)',
        ),
        expectZero('Damaged shards', 'The journal has lost their last batch.', 'sum(bsky_rpg_ledger_faults)'),
        expectZero(
          'Shards lost within an hour',
          'A worker stood still for too long, or lost all its connections.',
          'sum(increase(bsky_rpg_handovers_total{event="lost"}[1h]))',
        ),
        {
          ...number(
            'Furthest behind',
            'The worker that is furthest behind.',
            's',
            'max(bsky_rpg_lag_seconds)',
          ),
          worrying: 120,
        },
      ],
    },
    {
      title: 'Each worker',
      panels: [
        {
          ...lines('Shards by worker', 'Each worker should own about as many as the others.', 'short', [
            'bsky_rpg_shards_owned',
            '{{instance}}',
          ]),
          kind: 'areas',
        },
        lines('Hand-overs a minute', 'Shards taken, given back and lost.', 'short', [
          `60 * sum by (event) (rate(bsky_rpg_handovers_total[${RANGE}]))`,
          '{{event}}',
        ]),
        lines('Journal', 'Batches committed to the journals of shards, by worker.', 'ops', [
          `sum by (instance) (rate(bsky_rpg_journal_batches_total[${RANGE}]))`,
          '{{instance}}',
        ]),
        lines('Behind the network, by worker', 'How far behind the network each worker is.', 's', [
          'bsky_rpg_lag_seconds',
          '{{instance}}',
        ]),
        lines('Last heartbeat, by worker', 'Seconds since each worker wrote its last heartbeat.', 's', [
          'time() - bsky_rpg_heartbeat_timestamp_seconds',
          '{{instance}}',
        ]),
        lines('Time to commit, by worker', 'What the slowest batch in a hundred takes.', 's', [
          `histogram_quantile(0.99, sum by (instance, le) (rate(bsky_rpg_store_seconds_bucket{call="commit"}[${RANGE}])))`,
          '{{instance}}',
        ]),
      ],
    },
    {
      title: 'The database',
      panels: [
        {
          ...lines('Requests by kind', 'Requests to the database; conditional ones cost most.', 'ops', [
            `sum by (kind) (rate(bsky_rpg_store_requests_total[${RANGE}]))`,
            '{{kind}}',
          ]),
          width: 12,
          onClusterOnly: true,
        },
        {
          ...lines(
            'Retries a minute',
            'Requests that were repeated, by worker: nodes are away or overloaded.',
            'short',
            [`60 * sum by (instance) (rate(bsky_rpg_store_retries_total[${RANGE}]))`, '{{instance}}'],
          ),
          width: 12,
        },
      ],
    },
  ],
}
