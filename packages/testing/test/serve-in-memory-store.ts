import { inMemoryStore } from '@belay/core'
import { serveStores } from '../dist/remote/serve-stores.js'

serveStores(() => inMemoryStore())
