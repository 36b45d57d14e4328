export { loadSkill, loadSkills } from './load-skills.ts'
export type { LoadOptions } from './limits.ts'
