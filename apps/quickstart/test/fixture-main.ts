import { fsyncSync, openSync, writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { defineTool, type Tool } from '@belay/core'
import type { Model, ModelRequest } from '@belay/core/ports'
import { offlineModel, researchEffects, runQuickstart, type ResearchEffects } from '@belay/quickstart'

/**
 * The quickstart with a witness: each effect writes its key to the file `WITNESS` and syncs it before it does
 * anything, outside the store. The key also goes to descriptor 3, so that a test need not poll.
 * `DELAY_MS` slows the model down, so that there is something to interrupt.
 */
const file = openSync(process.env['WITNESS'] ?? 'witness.txt', 'a')
const delayMs = Number(process.env['DELAY_MS'] ?? 0)
const hasListener = process.env['WITNESS_FD'] === '3'

function witness(key: string): void {
  writeSync(file, `${key}\n`)
  fsyncSync(file)
  if (hasListener) writeSync(3, `${key}\n`)
}

/** An idempotency key is the run's id and the key of the step. */
function witnessStep(idempotencyKey: string): void {
  witness(idempotencyKey.slice(idempotencyKey.indexOf(':') + 1))
}

function witnessedTool(tool: Tool): Tool {
  const { name, description, input, effect } = tool
  return defineTool({
    name,
    description,
    input,
    effect,
    execute: (value, context) => {
      witnessStep(context.idempotencyKey)
      return tool.execute(value, context)
    },
  })
}

/** A model is not told which step calls it; the request says it all the same. */
function keyOf({ messages, output }: ModelRequest): string {
  const turn = messages.filter((message) => message.role === 'assistant').length + 1
  const index = /Sub-question (\d+):/.exec(JSON.stringify(messages))?.[1]
  const scope = index === undefined ? String(output?.name) : `read/${Number(index) - 1}/reader`
  return `${scope}/model-${turn}`
}

function witnessedModel(model: Model): Model {
  return {
    ...model,
    async *generate(request, options) {
      witness(keyOf(request))
      for await (const part of model.generate(request, options)) {
        if (delayMs > 0) await setTimeout(delayMs, undefined, { signal: options.signal })
        yield part
      }
    },
  }
}

const effects: ResearchEffects = {
  tools: researchEffects.tools.map(witnessedTool),
  survey: (place, run) => {
    witnessStep(run.idempotencyKey)
    return researchEffects.survey(place, run)
  },
  copy: (place, survey, run) => {
    witnessStep(run.idempotencyKey)
    return researchEffects.copy(place, survey, run)
  },
  verify: (draft, run) => {
    witnessStep(run.idempotencyKey)
    return researchEffects.verify(draft, run)
  },
  write: (out, markdown, run) => {
    witnessStep(run.idempotencyKey)
    return researchEffects.write(out, markdown, run)
  },
}

process.exit(await runQuickstart({ model: witnessedModel(offlineModel()), effects }))
