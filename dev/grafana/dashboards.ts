import { cluster } from './cluster.ts'
import { networkNow } from './network-now.ts'
import { operations } from './operations.ts'
import type { Dashboard } from './panel.ts'

/** All dashboards, by the name of their file in deploy/grafana/dashboards. */
export const dashboards: Readonly<Record<string, Dashboard>> = {
  'network-now': networkNow,
  operations,
  cluster,
}
