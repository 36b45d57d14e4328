import type { Workflows } from '../workflow.ts'
import { agents } from './agents.ts'
import { approvals } from './approvals.ts'
import { commands } from './commands.ts'
import { linear } from './linear.ts'
import { records } from './records.ts'
import { parked } from './parked.ts'
import { resumed } from './resumed.ts'
import { scopes } from './scopes.ts'
import { times } from './times.ts'
import { values } from './values.ts'
import { waits } from './waits.ts'

/** All workflows of the sweep, in groups that take about as long as each other. */
export const groups = {
  agents,
  approvals,
  commands,
  linear,
  parked,
  records,
  resumed,
  scopes,
  times,
  values,
  waits,
} satisfies Record<string, Workflows>

/** All workflows by name. */
export const workflows: Workflows = Object.assign({}, ...Object.values(groups)) as Workflows
