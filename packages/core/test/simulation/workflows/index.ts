export { linear } from './linear.ts'
export { resumed } from './resumed.ts'
export { scopes } from './scopes.ts'
export { waits } from './waits.ts'
