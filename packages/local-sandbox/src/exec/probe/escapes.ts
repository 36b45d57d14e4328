import type { Escape } from './run.ts'

/** What is tried, and what it says when it works. */
export const escapes: readonly Escape[] = [
  { name: 'read-outside', control: 'files.read', note: 'A command can read files of the host.' },
  { name: 'write-outside', control: 'files.write', note: 'A command can write files of the host.' },
  { name: 'connect-tcp', control: 'network', note: 'A command can connect to a port of the host.' },
  {
    name: 'connect-abstract',
    control: 'network',
    note: 'A command can connect to an abstract socket of the host.',
  },
  { name: 'connect-socket', control: 'network', note: 'A command can connect to a socket file of the host.' },
  { name: 'environment', control: 'environment', note: 'A command can see variables of the host.' },
  { name: 'see-process', control: 'processes', note: 'A command can see or signal processes of the host.' },
  { name: 'outlive', control: 'processes', note: 'A process of a command lives on after it.' },
  { name: 'capability', control: 'privileges', note: 'A command has a capability or can get one.' },
  {
    name: 'system-calls',
    control: 'privileges',
    note: 'A command may make system calls that are to be refused.',
  },
  {
    name: 'many-processes',
    control: 'pids',
    note: 'How many processes a command has is not limited on this host.',
  },
  { name: 'much-memory', control: 'memory', note: 'How much memory a command takes is not limited.' },
]
