import { defineTool } from '@belay/core'
import { z } from 'zod'
import type { ResearchEffects } from './workflow.ts'

/** Writes the report after somebody has allowed it. */
export const saveReportWith = (write: ResearchEffects['write']) =>
  defineTool({
    name: 'save_report',
    description: 'Write the report to its folder, over the one that is there.',
    input: z.object({ out: z.string(), title: z.string(), claims: z.number(), markdown: z.string() }),
    output: z.string(),
    effect: 'idempotent',
    permission: 'ask',
    execute: ({ out, markdown }, context) => write(out, markdown, context),
  })
