import { malformedAnswer } from '@belay/core/ports'

/** Vectors that are whole: one for each value, of one length, of numbers. Throws `model/malformed`. */
export function wholeVectors(vectors: unknown, count: number): readonly (readonly number[])[] {
  if (!Array.isArray(vectors) || vectors.length !== count)
    throw malformedAnswer('it has not one vector for each value')
  if (!vectors.every(isVector)) throw malformedAnswer('a vector is not a list of numbers')
  if (vectors.some((vector) => vector.length !== vectors[0]?.length))
    throw malformedAnswer('its vectors differ in length')
  return vectors
}

function isVector(vector: unknown): vector is readonly number[] {
  return Array.isArray(vector) && vector.length > 0 && vector.every((value) => Number.isFinite(value))
}
