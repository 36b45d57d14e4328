import { arm64Code } from './init-arm64.ts'
import { x64Code } from './init-x64.ts'

/**
 * The first process of a command's pid namespace, as a static ELF program of some 500 bytes. A shell cannot stand here:
 * it makes one number of an exit code and a signal, needs libraries inside and knows no handshake. It does this:
 *
 *     argv: init <two characters: '0' + n, and '1' to keep descriptor 3 from the command> <cwd> <n candidates> <argv of the command>
 *     close all descriptors from 4 on; chdir(cwd); write the result to descriptor 3; read one byte from it, or end
 *     start the command by the first candidate that can be executed; write its pid, or the negative errno
 *     wait for it, and for every process that lost its parent; write its wait status, and end
 *
 * Each record is a little-endian int32. The byte is awaited so that a command only starts while its host is there: from
 * then on the kernel ends this process with it. When this process ends, the kernel ends all others of the namespace,
 * and its parent learns of its end only after that.
 */
export function initProgram(arch: string = process.arch): Uint8Array | undefined {
  const code = arch === 'x64' ? x64Code : arch === 'arm64' ? arm64Code : undefined
  return code === undefined ? undefined : elf(bytesOf(code), arch === 'x64' ? 62 : 183)
}

const headerSize = 64 + 2 * 56
const base = 0x400000n

const bytesOf = (listing: string): Uint8Array =>
  Buffer.from([...listing.matchAll(/^([0-9a-f]+) /gm)].map((match) => match[1]).join(''), 'hex')

/** One segment to read and execute, and a stack that cannot be executed. */
function elf(code: Uint8Array, machine: number): Uint8Array {
  const size = BigInt(headerSize + code.length)
  const head = Buffer.alloc(headerSize)
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  head.writeUInt16LE(2, 16)
  head.writeUInt16LE(machine, 18)
  head.writeUInt32LE(1, 20)
  head.writeBigUInt64LE(base + BigInt(headerSize), 24)
  head.writeBigUInt64LE(64n, 32)
  head.writeUInt16LE(64, 52)
  head.writeUInt16LE(56, 54)
  head.writeUInt16LE(2, 56)
  programHeader(head, 64, { type: 1, flags: 5, address: base, size })
  programHeader(head, 120, { type: 0x6474e551, flags: 6, address: 0n, size: 0n })
  return Buffer.concat([head, code])
}

interface Segment {
  readonly type: number
  readonly flags: number
  readonly address: bigint
  readonly size: bigint
}

function programHeader(head: Buffer, at: number, { type, flags, address, size }: Segment): void {
  head.writeUInt32LE(type, at)
  head.writeUInt32LE(flags, at + 4)
  head.writeBigUInt64LE(address, at + 16)
  head.writeBigUInt64LE(address, at + 24)
  head.writeBigUInt64LE(size, at + 32)
  head.writeBigUInt64LE(size, at + 40)
  head.writeBigUInt64LE(0x1000n, at + 48)
}
