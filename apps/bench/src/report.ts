import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** One measured figure beside its bar. */
export interface Figure {
  readonly what: string
  /** Raw values of this run, with their unit in the name; they say nothing about another machine. */
  readonly values: Readonly<Record<string, number>>
  /** What is compared: a quotient of two values of this run. */
  readonly ratio: number
  readonly ratioOf: string
  /** The ratio must be at least or at most this. */
  readonly bar: { readonly atLeast: number } | { readonly atMost: number }
}

/** Whether a figure keeps its bar. */
export function holds({ ratio, bar }: Figure): boolean {
  return 'atLeast' in bar ? ratio >= bar.atLeast : ratio <= bar.atMost
}

/** Prints figures as they come and writes them at the end. */
export class Report {
  readonly #figures: Figure[] = []

  add(figure: Figure): void {
    this.#figures.push(figure)
    const limit = 'atLeast' in figure.bar ? `at least ${figure.bar.atLeast}` : `at most ${figure.bar.atMost}`
    const verdict = holds(figure) ? 'holds' : 'MISSED'
    console.log(
      `${figure.what}\n  ${figure.ratio.toFixed(3)} = ${figure.ratioOf} (bar: ${limit}): ${verdict}`,
    )
    for (const [name, value] of Object.entries(figure.values)) console.log(`    ${name}: ${round(value)}`)
  }

  get missed(): number {
    return this.#figures.filter((figure) => !holds(figure)).length
  }

  write(file: string): void {
    const machine = {
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      cpus: cpus().length,
      cpu: cpus()[0]?.model,
    }
    writeFileSync(file, `${JSON.stringify({ machine, figures: this.#figures }, undefined, 2)}\n`)
  }
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
