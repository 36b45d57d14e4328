import { z } from 'zod'

export const repairInput = z.object({
  /** Runs the tests; exit code 0 means that they pass. */
  command: z.string().min(1),
})

export const changedFile = z.object({ path: z.string(), before: z.string(), after: z.string() })

export const repairOutput = z.object({
  passed: z.boolean(),
  changes: z.array(changedFile),
  /** What the agent says that it did. */
  report: z.string(),
})

export type ChangedFile = z.infer<typeof changedFile>
export type RepairOutput = z.infer<typeof repairOutput>
