import { HarnessError } from '../errors/harness-error.ts'
import type { FilePart, Message, ModelCapability } from '../ports/index.ts'
import type { ResolvedModel } from './registry.ts'

/** A capability that an alias, or one that it falls back to, does not have. */
export interface MissingCapability {
  readonly resolved: ResolvedModel
  readonly capability: ModelCapability
}

/** The first capability that is missing, of the alias itself or of its fallbacks: any of them may have to answer. */
export function missingCapability(
  resolved: ResolvedModel,
  needed: readonly ModelCapability[],
): MissingCapability | undefined {
  for (const candidate of [resolved, ...resolved.fallbacks]) {
    const capability = needed.find((each) => !candidate.model.capabilities.includes(each))
    if (capability !== undefined) return { resolved: candidate, capability }
  }
  return undefined
}

/** Says who needs what of which alias. */
export function capabilityMessage(what: string, { resolved, capability }: MissingCapability): string {
  const { alias, model } = resolved
  return `${what} needs a model with "${capability}"; the alias "${alias}" (${model.modelId}) has ${model.capabilities.join(', ') || 'nothing'}.`
}

/** Refuses a call that needs what the model cannot do, before any I/O. */
export function requireCapability(
  resolved: ResolvedModel,
  needed: readonly ModelCapability[],
  what: string,
): void {
  const missing = missingCapability(resolved, needed)
  if (missing === undefined) return
  throw new HarnessError({
    code: 'model/capability',
    message: capabilityMessage(what, missing),
    meta: { alias: missing.resolved.alias, capability: missing.capability },
  })
}

/** What the files in messages need of a model. */
export function neededByFiles(messages: readonly Message[]): readonly ModelCapability[] {
  let needed: Set<ModelCapability> | undefined
  for (const message of messages) {
    if (message.role !== 'user') continue
    for (const part of message.content) {
      if (part.type === 'file') (needed ??= new Set()).add(capabilityFor(part))
    }
  }
  return needed === undefined ? none : [...needed]
}

const none: readonly ModelCapability[] = []

function capabilityFor({ mediaType }: FilePart): ModelCapability {
  if (mediaType.startsWith('image/')) return 'vision'
  return mediaType.startsWith('audio/') ? 'audio' : 'file'
}
