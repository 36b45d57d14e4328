import { hash } from 'node:crypto'
import type { ScopeKey } from './memory-table.ts'

/**
 * One word of the search index that stands for a scope, so that a search reads what its own scope holds and not that of
 * all tenants. The join compares the scope itself.
 */
export function scopeToken({ kind, id }: ScopeKey): string {
  return hash('sha256', JSON.stringify([kind, id]), 'hex').slice(0, 32)
}
