import { refusedCalls } from './refused-calls.ts'

/** What differs between machines. `ioctl`, `socket` and `clone` are looked into; the others only have numbers. */
const machines = {
  x64: { audit: 0xc000003e, column: 0, clone: 56, ioctl: 16, socket: 41 },
  arm64: { audit: 0xc00000b7, column: 1, clone: 220, ioctl: 29, socket: 198 },
} as const

const clone3 = 435
/** The last call that this list was made with; a newer one is answered as a kernel before it would. */
const lastKnown = 463
const namespaces = 0x7e020000
const [tiocsti, tioclinux] = [0x5412, 0x541c]
/** Unix, IPv4, IPv6 and netlink. The rest is not bound to a network namespace (VSOCK) or little used and often faulty. */
const families = [1, 2, 10, 16]

const allow = 0x7fff0000
const killProcess = 0x80000000
const answer = (errno: number): number => 0x00050000 | errno
const [eperm, enosys, eafnosupport] = [1, 38, 97]

interface Instruction {
  readonly code: number
  readonly yes?: number
  readonly no?: number
  readonly k: number
}

/**
 * A classic BPF program for `bwrap --seccomp`: refuses calls that reach the kernel where namespaces do not stand in the
 * way. It runs before each call, so the list is what is never needed by builds and scripts, not all that is not needed.
 */
export function seccompFilter(arch: string = process.arch): Uint8Array | undefined {
  if (arch !== 'x64' && arch !== 'arm64') return undefined
  const machine = machines[arch]
  const numbers = refusedCalls.flatMap((row) => row[1 + machine.column] ?? [])
  const program: Instruction[] = [
    load(4),
    ...unless(machine.audit, killProcess),
    load(0),
    // Also the x32 calls of x64, whose numbers begin at 0x40000000.
    { code: 0x25, yes: 0, no: 1, k: lastKnown },
    end(answer(enosys)),
    ...when(clone3, [end(answer(enosys))]),
    ...numbers.flatMap((number) => when(Number(number), [end(answer(eperm))])),
    ...when(machine.clone, [
      load(16),
      { code: 0x45, yes: 0, no: 1, k: namespaces },
      end(answer(eperm)),
      end(allow),
    ]),
    ...when(machine.ioctl, [
      load(24),
      ...[tiocsti, tioclinux].flatMap((request) => when(request, [end(answer(eperm))])),
      end(allow),
    ]),
    ...when(machine.socket, [
      load(16),
      ...families.flatMap((family) => when(family, [end(allow)])),
      end(answer(eafnosupport)),
    ]),
    end(allow),
  ]
  const bytes = Buffer.alloc(program.length * 8)
  for (const [index, { code, yes = 0, no = 0, k }] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8)
    bytes.writeUInt8(yes, index * 8 + 2)
    bytes.writeUInt8(no, index * 8 + 3)
    bytes.writeUInt32LE(k >>> 0, index * 8 + 4)
  }
  return bytes
}

/** A 32-bit word of `struct seccomp_data`: 0 is the number, 4 the machine, 16 and 24 the first two arguments. */
const load = (offset: number): Instruction => ({ code: 0x20, k: offset })
const end = (action: number): Instruction => ({ code: 0x06, k: action })
const when = (value: number, then: readonly Instruction[]): readonly Instruction[] => [
  { code: 0x15, yes: 0, no: then.length, k: value },
  ...then,
]
const unless = (value: number, action: number): readonly Instruction[] => [
  { code: 0x15, yes: 1, no: 0, k: value },
  end(action),
]
