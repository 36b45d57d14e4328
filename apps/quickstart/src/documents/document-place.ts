import { z } from 'zod'

/** Which documents a run may see. It travels as the run's metadata: tools read it, models do not. */
export const documentPlaceSchema = z.object({
  /** Absolute path of the folder, links resolved. */
  root: z.string().min(1),
  /** Paths inside the folder that count; `null`: everything. */
  include: z.array(z.string()).nullable(),
  /** Paths inside the folder that do not count, such as the output of this very run. */
  exclude: z.array(z.string()),
})

export type DocumentPlace = z.infer<typeof documentPlaceSchema>

/** Whether a path inside the folder is one of the documents. */
export function isIncluded(place: DocumentPlace, path: string): boolean {
  if (place.exclude.some((part) => isWithin(path, part))) return false
  return place.include === null || place.include.some((part) => isWithin(path, part))
}

/** Whether a folder inside the root may hold documents. */
export function mayHoldDocuments(place: DocumentPlace, path: string): boolean {
  if (place.exclude.some((part) => isWithin(path, part))) return false
  if (place.include === null) return true
  return place.include.some((part) => isWithin(path, part) || isWithin(part, path))
}

function isWithin(path: string, part: string): boolean {
  return path === part || path.startsWith(`${part}/`)
}
