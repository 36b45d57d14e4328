import { portSpecs, type AdapterInfo, type ModelCapability } from '@belay/core/ports'

/** Equal to the version in package.json; a test holds the two together. */
export const packageVersion = '1.0.0'

/** What a model of this package says about itself. */
export function adapterInfo(id: string, capabilities: readonly ModelCapability[]): AdapterInfo {
  return {
    id,
    packageName: '@belay/openai-provider',
    version: packageVersion,
    specs: { model: portSpecs.model },
    capabilities: capabilities.map((capability) => `model.${capability}` as const),
  }
}
