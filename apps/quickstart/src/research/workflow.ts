import { defineWorkflow, type StepRun, type Tool } from '@belay/core'
import { documentPlaceSchema, type DocumentPlace } from '../documents/document-place.ts'
import { surveyFolder, type Survey } from '../documents/survey.ts'
import { planner, readerWith, writer } from './agents.ts'
import { reportMarkdown } from './report-markdown.ts'
import { researchInputSchema, researchOutputSchema, type Draft, type Verified } from './schemas.ts'
import { saveReportWith } from './save-report.ts'
import { documentTools } from './tools.ts'
import { verifyCitations } from './verify-citations.ts'
import { writeReport } from '../files/write-report.ts'

/** Everything in the workflow that touches the outside, apart from models. */
export interface ResearchEffects {
  readonly tools: readonly Tool[]
  survey(place: DocumentPlace, run: StepRun): Promise<Survey>
  verify(place: DocumentPlace, draft: Draft, survey: Survey, run: StepRun): Promise<Verified>
  /** Gives the path of the report. */
  write(out: string, markdown: string, run: Pick<StepRun, 'idempotencyKey'>): Promise<string>
}

export const researchEffects: ResearchEffects = {
  tools: documentTools,
  survey: (place, run) => surveyFolder(place, run.signal),
  verify: (place, draft, survey) => verifyCitations(place, draft, survey.documents),
  write: (out, markdown, run) => writeReport(out, markdown, run.idempotencyKey),
}

/** Sub-questions read for at once. */
const readersAtOnce = 4

/** Research in a folder: survey, plan, read in parallel, write, verify, save. Each part is recorded once. */
export const researchWorkflow = (effects: ResearchEffects) =>
  defineWorkflow({
    name: 'research',
    input: researchInputSchema,
    output: researchOutputSchema,
    tools: { saveReport: saveReportWith(effects.write) },
    agents: { planner, reader: readerWith(effects.tools), writer },
    delegation: { maxChildAgentCalls: 8, maxParallelChildAgentCalls: readersAtOnce },
    // An hour under a lease: a local model may take minutes for one answer.
    timeoutMs: 3_600_000,
    run: async (ctx, input) => {
      const { question, out, ask = false } = input
      const place = documentPlaceSchema.parse(ctx.metadata)
      const survey = await ctx.step('survey', (run) => effects.survey(place, run), { effect: 'read' })
      const documents = survey.documents.map(({ path, lines, headings }) => ({ path, lines, headings }))
      const { questions } = await ctx.agents.planner({ question, documents }, { history: 'own' })
      const answers = await ctx.fanOut('read', questions, async (item, subQuestion, index) => {
        const { findings } = await item.agents.reader({ question, subQuestion, index: index + 1 })
        return { question: subQuestion, findings }
      })
      const draft = await ctx.agents.writer({ question, answers }, { history: 'own' })
      const verified = await ctx.step('verify', (run) => effects.verify(place, draft, survey, run), {
        effect: 'read',
      })
      const markdown = reportMarkdown(input, survey, verified)
      const { title } = verified.draft
      const report = ask
        ? await ctx.tools.saveReport({ out, title, claims: verified.kept, markdown }, { key: 'write' })
        : await ctx.step('write', (run) => effects.write(out, markdown, run), { effect: 'idempotent' })
      return {
        report,
        title,
        summary: verified.draft.summary,
        documents: survey.documents.length,
        leftOut: survey.notes.length,
        claims: verified.kept,
        removed: verified.removed.length,
      }
    },
  })
