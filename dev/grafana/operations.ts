import { type Dashboard, expectZero, lines, number, RANGE } from './panel.ts'

const p = (quantile: number, by: string, metric: string): string =>
  `histogram_quantile(${quantile}, sum by (${by === '' ? 'le' : `${by}, le`}) (rate(${metric}_bucket[${RANGE}])))`

/** What `counter` has grown by within a day, with what a process of that day had counted before its first scrape. */
function ofADay(counter: string): string {
  const began = `${counter} and on (job, instance) time() - process_start_time_seconds < 86400`
  return `increase(${counter}[1d]) > 0 or ${began} or 0 * ${counter}`
}

/** Whether the server keeps up, and if not, what holds it up. */
export const operations: Dashboard = {
  uid: 'bsky-rpg-operations',
  title: 'bsky-rpg: operations',
  description: 'Whether the server keeps up, and what holds it up.',
  hasTopMovers: false,
  rows: [
    {
      title: 'At a glance',
      panels: [
        {
          ...number('Behind', 'How far behind the network the ledger is.', 's', 'max(bsky_rpg_lag_seconds)'),
          worrying: 120,
        },
        {
          ...number(
            'Last heartbeat',
            'Seconds since ingest wrote its last heartbeat.',
            's',
            'max(time() - bsky_rpg_heartbeat_timestamp_seconds)',
          ),
          worrying: 60,
        },
        number('Processes up', 'Processes that answer Prometheus.', 'short', 'sum(up{job="bsky-rpg"})'),
        number('Ledger', "Bytes of the ledger's file and its log.", 'bytes', 'max(bsky_rpg_ledger_bytes)'),
        number('Disk free', "Bytes free on the ledger's disk.", 'bytes', 'min(bsky_rpg_disk_free_bytes)'),
        number(
          'Requests a second',
          'Requests that the API answers.',
          'ops',
          `sum(rate(bsky_rpg_http_requests_total[${RANGE}]))`,
        ),
      ],
    },
    {
      title: 'Expected to be zero',
      panels: [
        expectZero(
          'Gaps of a day',
          'Pieces of the stream that were missed.',
          `sum(${ofADay('bsky_rpg_gaps_total')})`,
        ),
        expectZero(
          'Unreadable frames of an hour',
          'Frames that were skipped.',
          'sum(increase(bsky_rpg_malformed_frames_total[1h]))',
        ),
        expectZero(
          'Misdated events of an hour',
          'Events dated in the future.',
          'sum(increase(bsky_rpg_misdated_events_total[1h]))',
        ),
        expectZero(
          'Failed requests of an hour',
          "Requests answered with 5xx, but for those that a limit of the server's own refused.",
          'sum(increase(bsky_rpg_http_requests_total{code=~"5..", limit="", route!="/readyz"}[1h]))',
        ),
        expectZero(
          'Retries of an hour',
          'Attempts to use the database that were repeated.',
          'sum(increase(bsky_rpg_store_retries_total[1h]))',
        ),
        expectZero('Damaged shards', 'Shards that nobody can write to.', 'sum(bsky_rpg_ledger_faults)'),
        expectZero(
          'Mismatches',
          'Numbers that do not add up, as the last `verify --metrics` found them.',
          'sum(bsky_rpg_verify_mismatches)',
        ),
        expectZero(
          'Not compared, of a day',
          'People who could not be compared with their repositories after a gap.',
          'sum(increase(bsky_rpg_reconciled_people_total{outcome="failed"}[1d]))',
        ),
      ],
    },
    {
      title: 'The stream',
      panels: [
        lines('Behind the network', 'How far behind the network the ledger is.', 's', [
          'bsky_rpg_lag_seconds',
          '{{instance}}',
        ]),
        lines(
          'Events a second',
          'What arrives, and what is folded with answers and wishes.',
          'ops',
          [`sum(rate(bsky_rpg_stream_events_total[${RANGE}]))`, 'arrived'],
          [`sum(rate(bsky_rpg_operations_total[${RANGE}]))`, 'folded'],
        ),
        lines('Queue', 'Bytes of events that wait to be folded.', 'bytes', [
          'bsky_rpg_stream_queue_bytes',
          '{{instance}}',
        ]),
        lines('Operations by outcome', 'What was applied, and what changed nothing, and why.', 'ops', [
          `sum by (outcome) (rate(bsky_rpg_operations_total[${RANGE}]))`,
          '{{outcome}}',
        ]),
        lines('Connections a minute', 'Connections made, lost, paused and resumed.', 'short', [
          `60 * sum by (event) (rate(bsky_rpg_stream_connections_total[${RANGE}]))`,
          '{{event}}',
        ]),
        lines('Unreadable frames', 'Frames that were skipped, by reason.', 'ops', [
          `sum by (reason) (rate(bsky_rpg_malformed_frames_total[${RANGE}]))`,
          '{{reason}}',
        ]),
        lines(
          'People to compare',
          'People who wait to be compared with their repositories after a gap.',
          'short',
          ['max(bsky_rpg_reconciliation_waiting)', 'waiting'],
        ),
        lines(
          'Compared an hour',
          'People compared with their repositories after a gap, by outcome.',
          'short',
          ['sum by (outcome) (increase(bsky_rpg_reconciled_people_total[1h]))', '{{outcome}}'],
        ),
        lines(
          'Traffic',
          'Bytes received from Jetstream and for repositories, and written to disks.',
          'Bps',
          [`sum(rate(bsky_rpg_stream_bytes_total[${RANGE}]))`, 'stream'],
          [`sum(rate(bsky_rpg_repository_bytes_total[${RANGE}]))`, 'repositories'],
          [`sum(rate(bsky_rpg_written_bytes_total[${RANGE}]))`, 'written'],
        ),
        lines('Missed', 'Seconds of the stream that were missed within a day.', 's', [
          `sum by (reason) (${ofADay('bsky_rpg_gap_seconds_total')})`,
          '{{reason}}',
        ]),
        lines(
          'Events in a batch',
          'Half of the batches have fewer, one in a hundred has more.',
          'short',
          [p(0.5, '', 'bsky_rpg_fold_events'), 'half'],
          [p(0.99, '', 'bsky_rpg_fold_events'), '1 in 100'],
        ),
      ],
    },
    {
      title: 'The store',
      panels: [
        lines(
          'Time to fold a batch',
          'From a delivery of the stream until it is in the ledger.',
          's',
          [p(0.5, '', 'bsky_rpg_fold_seconds'), 'half'],
          [p(0.99, '', 'bsky_rpg_fold_seconds'), '1 in 100'],
        ),
        lines('Time to load and to commit', 'What the slowest batch in a hundred takes.', 's', [
          p(0.99, 'call', 'bsky_rpg_store_seconds'),
          '{{call}}',
        ]),
        lines('Reads of the ledger', 'What the slowest read in a hundred takes, by query.', 's', [
          p(0.99, 'query', 'bsky_rpg_query_seconds'),
          '{{query}}',
        ]),
        lines(
          'Size',
          'Records and entries in the ledger.',
          'short',
          ['max(bsky_rpg_records)', 'records'],
          ['max(bsky_rpg_ledger_entries)', 'entries'],
        ),
        lines('Retries a minute', 'Attempts to use the database that were repeated.', 'short', [
          `60 * sum by (instance) (rate(bsky_rpg_store_retries_total[${RANGE}]))`,
          '{{instance}}',
        ]),
        lines('Memory', 'Memory that the processes occupy.', 'bytes', [
          'process_resident_memory_bytes',
          '{{instance}}',
        ]),
      ],
    },
    {
      title: 'Questions to the network',
      panels: [
        lines('Waiting', 'New questions, and those postponed to another try.', 'short', [
          'max by (kind, state) (bsky_rpg_questions_waiting)',
          '{{kind}}, {{state}}',
        ]),
        lines(
          'Without an answer',
          'For how long new questions have waited while none of their kind was answered.',
          's',
          ['min by (kind) (bsky_rpg_questions_unanswered_seconds)', '{{kind}}'],
        ),
        lines('Asked', 'Questions answered and failed.', 'ops', [
          `sum by (kind, outcome) (rate(bsky_rpg_questions_total[${RANGE}]))`,
          '{{kind}} {{outcome}}',
        ]),
        lines('Not shown yet', 'Characters who wait for the AppView to introduce them.', 'short', [
          'max(bsky_rpg_introductions_waiting)',
          'waiting',
        ]),
        lines('Repositories an hour', 'Repositories asked for, by outcome.', 'short', [
          'sum by (outcome) (increase(bsky_rpg_repositories_total[1h]))',
          '{{outcome}}',
        ]),
        lines('Imports an hour', 'Imports of histories, by outcome.', 'short', [
          'sum by (outcome) (increase(bsky_rpg_imports_total[1h]))',
          '{{outcome}}',
        ]),
      ],
    },
    {
      title: 'The API',
      panels: [
        lines('Requests by code', 'Answers by status code.', 'ops', [
          `sum by (code) (rate(bsky_rpg_http_requests_total[${RANGE}]))`,
          '{{code}}',
        ]),
        lines('Requests by route', 'The ten busiest routes.', 'ops', [
          `topk(10, sum by (route) (rate(bsky_rpg_http_requests_total[${RANGE}])))`,
          '{{route}}',
        ]),
        lines(
          'Time of a request',
          'What the slowest request in a hundred takes, by route; the ten slowest.',
          's',
          [`topk(10, ${p(0.99, 'route', 'bsky_rpg_http_request_seconds')})`, '{{route}}'],
        ),
        lines('Clients of the stream', 'Clients that follow the stream of awards.', 'short', [
          'bsky_rpg_sse_clients',
          '{{instance}}',
        ]),
        lines('CPU', 'Processor time by process; 1 is a whole core.', 'short', [
          `rate(process_cpu_seconds_total[${RANGE}])`,
          '{{instance}}',
        ]),
        lines('Event loop', 'How late the thread of the API is, at its slowest in a hundred.', 's', [
          'nodejs_eventloop_lag_p99_seconds',
          '{{instance}}',
        ]),
      ],
    },
  ],
}
