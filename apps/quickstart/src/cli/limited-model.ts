import type { Model } from '@belay/core/ports'

/** Of one answer. A report fits; without a limit a single call could take the whole budget. */
const maxOutputTokens = 8_000

/**
 * A model whose answers are limited as long as a run with a budget is open: a budget is kept by reserving what a call
 * can use at most. Other runs take what the model's server allows.
 */
export function limitedModel(model: Model, isLimited: () => boolean): Model {
  return {
    ...model,
    maxOutputTokens,
    generate: (request, options) =>
      model.generate(
        isLimited() ? { ...request, settings: { maxOutputTokens, ...request.settings } } : request,
        options,
      ),
  }
}
