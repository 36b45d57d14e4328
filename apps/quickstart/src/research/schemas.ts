import { z } from 'zod'

/** What a run is asked for. Paths are absolute; what may be read is in the run's metadata. */
export const researchInputSchema = z.object({
  folder: z.string().min(1),
  question: z.string().min(1).max(2_000),
  /** The folder that the report is written to. */
  out: z.string().min(1),
  /** Somebody is asked before the report is written. */
  ask: z.boolean().optional(),
})

export type ResearchInput = z.infer<typeof researchInputSchema>

/** The planner's answer. */
export const planSchema = z.object({
  questions: z
    .array(z.string().min(1))
    .min(3)
    .max(6)
    .describe('3 to 6 sub-questions, each answerable by itself'),
})

/** One fact with where it is written. */
export const findingSchema = z.object({
  claim: z.string().min(1).describe('one sentence that answers the question'),
  file: z.string().min(1).describe('the path of the document, as the tools gave it'),
  line: z.int().min(1).describe('the number of the line in which the quote begins'),
  quote: z.string().min(1).describe('the words of the document that support the claim, copied exactly'),
})

export type Finding = z.infer<typeof findingSchema>

/** A reader's answer. */
export const findingsSchema = z.object({
  findings: z
    .array(findingSchema)
    .max(12)
    .describe('the most relevant first; empty when the documents are silent'),
})

/** The writer's answer. */
export const draftSchema = z.object({
  title: z.string().min(1),
  summary: z.string().min(1).describe('two to four sentences that answer the question'),
  sections: z.array(z.object({ heading: z.string().min(1), claims: z.array(findingSchema) })).max(12),
})

export type Draft = z.infer<typeof draftSchema>

/** What the citations of a draft came to. */
export interface Verified {
  readonly draft: Draft
  readonly kept: number
  readonly removed: readonly { readonly file: string; readonly line: number; readonly reason: string }[]
}

/** What a run gives. */
export const researchOutputSchema = z.object({
  /** Absolute path. */
  report: z.string(),
  title: z.string(),
  summary: z.string(),
  documents: z.number(),
  leftOut: z.number(),
  claims: z.number(),
  removed: z.number(),
})

export type ResearchOutput = z.infer<typeof researchOutputSchema>
