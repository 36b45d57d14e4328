import { plan } from './plan.ts'
import { quoteFromRequest } from './quote-from-request.ts'
import { read } from './read.ts'
import { asksFor } from './request-view.ts'
import type { Mind } from './thought.ts'
import { write } from './write.ts'

/** Sees what kind of answer is asked for by its schema, like any model. Anything else gets the best sentences of the request. */
export const extractiveMind: Mind = (request) => {
  if (asksFor(request, 'questions')) return plan(request)
  if (asksFor(request, 'findings')) return read(request)
  if (asksFor(request, 'sections')) return write(request)
  return quoteFromRequest(request)
}
