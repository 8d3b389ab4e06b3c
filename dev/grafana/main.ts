// Writes the dashboards that Grafana provisions: `npm run dashboards`. A test compares them with this program.
import { writeFileSync } from 'node:fs'
import { dashboardJson } from './build.ts'
import { dashboards } from './dashboards.ts'

for (const [name, dashboard] of Object.entries(dashboards)) {
  const file = new URL(`../../deploy/grafana/dashboards/${name}.json`, import.meta.url)
  writeFileSync(file, dashboardJson(dashboard))
}
