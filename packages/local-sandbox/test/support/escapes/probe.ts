/**
 * One try to get out. `sh`: a script that ends with 0 when it worked. `node`: the body of an async function that returns `true`.
 * `perl`: an expression that is true. Each finds what is outside in variables that begin with `P_`.
 */
export interface EscapeProbe {
  readonly name: string
  readonly by: 'sh' | 'node' | 'perl'
  readonly code: string
  /** Works without isolation, and does no harm there: the control run expects it to. */
  readonly control?: true
}

export const sh = (name: string, code: string, control?: true): EscapeProbe =>
  probe(name, 'sh', code, control)
export const node = (name: string, code: string, control?: true): EscapeProbe =>
  probe(name, 'node', code, control)
export const perl = (name: string, code: string, control?: true): EscapeProbe =>
  probe(name, 'perl', code, control)

const probe = (name: string, by: EscapeProbe['by'], code: string, control?: true): EscapeProbe =>
  control === undefined ? { name, by, code } : { name, by, code, control }
