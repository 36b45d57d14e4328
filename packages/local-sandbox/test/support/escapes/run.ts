import type { Commands } from '../../../src/exec/commands.ts'
import type { EscapeProbe } from './probe.ts'

/** Runs probes in one command for each language, so that a hundred of them cost few processes. The names of those that worked. */
export async function runProbes(
  commands: Commands,
  probes: readonly EscapeProbe[],
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const of = (by: EscapeProbe['by']): readonly EscapeProbe[] => probes.filter((probe) => probe.by === by)
  const runs = [
    commands.exec('sh', { stdin: shScript(of('sh')), env }),
    commands.exec('perl', { stdin: perlScript(of('perl')), env }),
    commands.exec(process.execPath, { args: ['-'], stdin: nodeScript(of('node')), env }),
  ]
  const outputs = (await Promise.all(runs)).map(({ stdout, stderr }) => ({
    lines: Buffer.from(stdout).toString('utf8').split('\n'),
    errors: Buffer.from(stderr).toString('utf8'),
  }))
  for (const { lines, errors } of outputs) {
    if (!lines.includes('all tried')) throw new Error(`probes ended early: ${lines.join(' | ')} ${errors}`)
  }
  return outputs.flatMap(({ lines }) =>
    lines.filter((line) => line.startsWith('+ ')).map((line) => line.slice(2)),
  )
}

/** Each in a process of its own, which must not end the others. */
const shScript = (probes: readonly EscapeProbe[]): string =>
  `${probes.map(({ name, code }) => `if ( ${code}\n) >/dev/null 2>&1 </dev/null; then echo ${quote(`+ ${name}`)}; fi`).join('\n')}\necho 'all tried'\n`

const perlScript = (probes: readonly EscapeProbe[]): string =>
  `$| = 1;\n${probes
    .map(
      ({ name, code }) =>
        `{ my $pid = fork; if ($pid == 0) { my $ok = eval { ${code} }; print ${quote(`+ ${name}`)}, "\\n" if $ok; $| = 1; require POSIX; POSIX::_exit(0) } waitpid $pid, 0 }`,
    )
    .join('\n')}\nprint "all tried\\n";\n`

const nodeScript = (probes: readonly EscapeProbe[]): string =>
  `const tries = ${JSON.stringify(probes.map(({ name, code }) => [name, code]))}
const AsyncFunction = (async () => {}).constructor
Promise.all(tries.map(async ([name, code]) => {
  const worked = await new AsyncFunction('require', code)(require).catch(() => false)
  if (worked === true) process.stdout.write('+ ' + name + '\\n')
})).then(() => process.stdout.write('all tried\\n', () => process.exit(0)))
`

const quote = (text: string): string => `'${text.replaceAll("'", '’')}'`
