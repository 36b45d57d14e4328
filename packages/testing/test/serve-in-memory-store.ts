import { inMemoryStore } from '@belay/core'
import { serveStore } from '../dist/remote/serve-store.js'

serveStore(inMemoryStore())
