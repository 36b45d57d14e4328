import type { Json } from '../ports/index.ts'
import { followPointer, parsePointer } from '../schema/json-pointer.ts'
import { fullScore, noScore, valueFor, type FromItem, type Scorer } from './scorer.ts'
import { isStructurallyEqual } from '../schema/structural-equality.ts'

/** What `attributeEquality` takes. */
export interface AttributeEqualityInit<Item> {
  /** Default `attribute-equality`. */
  readonly name?: string
  /** A JSON Pointer (RFC 6901) into the output, such as `/answer/0/id`; empty for the whole output. */
  readonly pointer: string
  readonly expected: FromItem<Item, Json>
}

/** Scores whether the value at a place of the output is the expected one. A pointer that leads nowhere scores 0. */
export function attributeEquality<Item = unknown>(init: AttributeEqualityInit<Item>): Scorer<Item> {
  const parts = parsePointer(init.pointer)
  return {
    name: init.name ?? 'attribute-equality',
    score({ item, output }) {
      const pointed = followPointer(output, parts)
      if (!pointed.found) return noScore(`"${init.pointer}" leads nowhere: ${pointed.why}`)
      const expected = valueFor<Item, Json>(init.expected, item)
      return isStructurallyEqual(pointed.value, expected)
        ? fullScore
        : noScore(`the value at "${init.pointer}" is not the expected one`)
    },
  }
}
