import ts from 'typescript'
import {
  bindsProperty,
  checkSyntax,
  destructuredFrom,
  lastName,
  namesHolding,
  readMember,
} from '../syntax.ts'
import { isShippedSource, type Rule } from '../violation.ts'

const isJournal = (name: string) => /journal$/i.test(name)
const exempt = /^packages\/core\/src\/(feed\/writer\.ts$|in-memory\/|ports\/)/

/** One road to the journal, so that nothing is published that was not committed. */
export const journalAppend: Rule = (files) =>
  checkSyntax(
    'journal-append-outside-writer',
    files.filter(
      (file) =>
        file.path.startsWith('packages/core/src/') && isShippedSource(file.path) && !exempt.test(file.path),
    ),
    (source, report) => {
      const holdsJournal = namesHolding(source, isJournal)
      return (node) => {
        const read = readMember(node)
        const owner = read && lastName(read.object)
        if (read?.member === 'append' && owner !== undefined && holdsJournal(owner)) {
          report(node, `${owner}.append belongs to feed/writer.ts`)
        }
        if (ts.isObjectBindingPattern(node) && bindsProperty(node, 'append')) {
          if (destructuredFrom(node, source).some(holdsJournal))
            report(node, 'append belongs to feed/writer.ts')
        }
      }
    },
  )
