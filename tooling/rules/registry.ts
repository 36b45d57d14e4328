/** A statement about what Belay does that a test can prove. */
export interface BehaviourRule {
  /** Never given to another rule. */
  readonly id: string
  readonly heading: string
  readonly text: string
}

/** The rules of a page, and what is wrong with its form. */
export interface Registry {
  readonly rules: readonly BehaviourRule[]
  readonly faults: readonly string[]
}

const ruleStart = /^- \*\*([A-Z]{2,}-[1-9]\d*)\*\* (\S.*)$/
const headingLine = /^## (\S.*)$/

/**
 * Reads a page of rules: `- **SES-1** text` under `##` headings, with further lines indented. A list item in any
 * other form is a fault, because a rule with a mistake in its id would vanish from every check.
 */
export function parseRegistry(path: string, text: string): Registry {
  const rules: { id: string; heading: string; text: string }[] = []
  const faults: string[] = []
  let heading = ''
  let inside = false
  text.split('\n').forEach((line, index) => {
    const fault = (what: string): void => void faults.push(`${path}:${index + 1}: ${what}`)
    const [, id, start] = ruleStart.exec(line) ?? []
    if (id !== undefined && start !== undefined) {
      const other = rules.find((rule) => rule.id === id || isMisplaced(rule, { id, heading }))
      if (other?.id === id) fault(`${id} is there twice`)
      else if (other !== undefined) fault(`${id} is not under "${other.heading}" like ${other.id}`)
      if (heading === '') fault(`${id} is under no heading`)
      rules.push({ id, heading, text: start })
      inside = true
      return
    }
    const last = rules.at(-1)
    if (inside && last !== undefined && /^ {2}(?![-*+] )\S/.test(line)) {
      last.text += ` ${line.trim()}`
      return
    }
    inside = false
    heading = headingLine.exec(line)?.[1] ?? heading
    if (/^\s*[-*+] /.test(line)) fault('is no rule: write `- **ABC-1** text`')
  })
  if (rules.length === 0) faults.push(`${path}: there is no rule`)
  return { rules, faults }
}

/** The letters of an id belong to one heading. */
function isMisplaced(known: BehaviourRule, added: Pick<BehaviourRule, 'id' | 'heading'>): boolean {
  return prefixOf(known.id) === prefixOf(added.id) && known.heading !== added.heading
}

function prefixOf(id: string): string {
  return id.slice(0, id.indexOf('-'))
}
