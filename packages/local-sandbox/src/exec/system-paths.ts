import { existsSync, lstatSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** Folders of programs and libraries. Where one is a link into /usr, the same link stands inside. */
const programs = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']

/** What dynamic linking, alternatives and TLS need of /etc; nothing else of it is there. */
const configuration = [
  '/etc/ld.so.cache',
  '/etc/alternatives',
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
  '/etc/pki/tls/certs',
]

/**
 * Parts of /proc about the kernel and the whole machine that no build needs. Their owner is the host's root: when this process runs as
 * that, a command inside counts as the owner, whatever it is called there.
 */
const hidden = {
  files: [
    'kcore',
    'keys',
    'key-users',
    'kmsg',
    'kpagecount',
    'kpageflags',
    'kpagecgroup',
    'timer_list',
    'slabinfo',
    'vmallocinfo',
    'sysrq-trigger',
    'mtrr',
    'latency_stats',
    'sched_debug',
    'mdstat',
  ],
  folders: ['acpi', 'asound', 'bus', 'driver', 'dynamic_debug', 'fs', 'irq', 'pressure', 'scsi', 'tty'],
} as const

/** Arguments of bubblewrap that put the system's programs inside. */
export function systemMounts(): readonly string[] {
  return [
    ...programs.flatMap((path) => {
      const link = linkTarget(path)
      if (link !== undefined) return ['--symlink', link, path]
      return existsSync(path) ? ['--ro-bind', path, path] : []
    }),
    ...configuration.filter((path) => existsSync(path)).flatMap((path) => ['--ro-bind', path, path]),
  ]
}

/**
 * Arguments that hide parts of the new /proc. Settings of the kernel can be read and not written: some of them, such as what becomes of
 * a core, are the whole machine's, and bubblewrap leaves them writable to the host's root.
 */
export function hiddenMounts(): readonly string[] {
  const there = (name: string): boolean => existsSync(join('/proc', name))
  return [
    ...['--ro-bind', '/proc/sys', '/proc/sys'],
    ...hidden.files.filter(there).flatMap((name) => ['--ro-bind', '/dev/null', `/proc/${name}`]),
    ...hidden.folders
      .filter(there)
      .flatMap((name) => ['--size', '4096', '--tmpfs', `/proc/${name}`, '--remount-ro', `/proc/${name}`]),
  ]
}

function linkTarget(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined
  } catch {
    return undefined
  }
}
