import { join } from 'node:path'
import ts from 'typescript'
import { root } from '../scripts/process.ts'

/** Events by type with the names of their fields; a field that some of them lack counts as well. */
export type EventTable = Readonly<Record<string, readonly string[]>>

/** What every entry and event has beside its data. */
const eventFile = join(root, 'packages/core/src/history/event.ts')

/** Reads the tables of events off the types of core. */
export function eventTables(): {
  readonly committed: EventTable
  readonly transient: EventTable
  readonly result: readonly string[]
} {
  const program = ts.createProgram([eventFile], {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ESNext,
    strict: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    types: [],
  })
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(eventFile)
  const moduleSymbol = source && checker.getSymbolAtLocation(source)
  const exported = moduleSymbol === undefined ? [] : checker.getExportsOfModule(moduleSymbol)
  const typeOf = (name: string): ts.Type => {
    const symbol = exported.find((candidate) => candidate.name === name)
    if (symbol === undefined) throw new TypeError(`${eventFile} does not export ${name}`)
    return checker.getDeclaredTypeOfSymbol(symbol)
  }
  const fieldsOf = (type: ts.Type): string[] => {
    const parts = type.isUnion() ? type.types : [type]
    return [...new Set(parts.flatMap((part) => part.getProperties().map(({ name }) => name)))].toSorted()
  }
  const tableOf = (name: string): EventTable =>
    Object.fromEntries(
      typeOf(name)
        .getProperties()
        .map((property) => [property.name, fieldsOf(checker.getTypeOfSymbol(property))]),
    )
  return {
    committed: tableOf('CommittedEvents'),
    transient: tableOf('TransientEvents'),
    result: fieldsOf(typeOf('ResultData')),
  }
}
