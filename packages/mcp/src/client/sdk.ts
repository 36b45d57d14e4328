import type * as ClientModule from '@modelcontextprotocol/sdk/client/index.js'
import type * as HttpModule from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type * as TypesModule from '@modelcontextprotocol/sdk/types.js'

/** The parts of the SDK that a client needs. */
export interface Sdk {
  readonly client: typeof ClientModule
  readonly types: typeof TypesModule
}

/** Loaded when the first server is asked for something, because importing it takes longer than all else here. */
export async function loadSdk(): Promise<Sdk> {
  const [client, types] = await Promise.all([
    import('@modelcontextprotocol/sdk/client/index.js'),
    import('@modelcontextprotocol/sdk/types.js'),
  ])
  return { client, types }
}

export const loadHttp = (): Promise<typeof HttpModule> =>
  import('@modelcontextprotocol/sdk/client/streamableHttp.js')
