import { defineWorkflow, type StepRun, type StepSandbox, type Tool } from '@belay/core'
import { glob, grep, list, read } from '@belay/core/tools'
import { copyDocuments, type Copied } from '../documents/copy-documents.ts'
import { documentPlaceSchema, type DocumentPlace } from '../documents/document-place.ts'
import { surveyFolder, type Survey } from '../documents/survey.ts'
import { planner, readerWith, writer } from './agents.ts'
import { reportMarkdown } from './report-markdown.ts'
import { researchInputSchema, researchOutputSchema, type Draft, type Verified } from './schemas.ts'
import { saveReportWith } from './save-report.ts'
import { verifyCitations } from './verify-citations.ts'
import { writeReport } from '../files/write-report.ts'

/** A step that has the files of the run. */
export type WorkspaceStep = StepRun & { readonly sandbox: StepSandbox }

/** Everything in the workflow that touches the outside, apart from models. */
export interface ResearchEffects {
  readonly tools: readonly Tool[]
  survey(place: DocumentPlace, run: StepRun): Promise<Survey>
  /** Puts the documents into the workspace. */
  copy(place: DocumentPlace, survey: Survey, run: WorkspaceStep): Promise<Copied>
  verify(draft: Draft, run: WorkspaceStep): Promise<Verified>
  /** Gives the path of the report. */
  write(out: string, markdown: string, run: Pick<StepRun, 'idempotencyKey'>): Promise<string>
}

export const researchEffects: ResearchEffects = {
  tools: [list, glob, grep, read],
  survey: (place, run) => surveyFolder(place, run.signal),
  copy: (place, survey, { sandbox, signal }) => copyDocuments(place, survey, sandbox, signal),
  verify: (draft, { sandbox, signal }) => verifyCitations(sandbox, draft, signal),
  write: (out, markdown, run) => writeReport(out, markdown, run.idempotencyKey),
}

/** Sub-questions read for at once. */
const readersAtOnce = 4

/** Research in a folder: survey, copy, plan, read in parallel, write, verify, save. Each part is recorded once. */
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
      const copied = await ctx.step('copy', (run) => effects.copy(place, survey, run), {
        effect: 'idempotent',
        workspace: 'write',
      })
      const documents = survey.documents.map(({ path, lines, headings }) => ({ path, lines, headings }))
      const { questions } = await ctx.agents.planner({ question, documents }, { history: 'own' })
      const answers = await ctx.fanOut('read', questions, async (item, subQuestion, index) => {
        const { findings } = await item.agents.reader({ question, subQuestion, index: index + 1 })
        return { question: subQuestion, findings }
      })
      const draft = await ctx.agents.writer({ question, answers }, { history: 'own' })
      const verified = await ctx.step('verify', (run) => effects.verify(draft, run), {
        effect: 'read',
        workspace: 'read',
      })
      const markdown = reportMarkdown(input, survey, copied, verified)
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
