import { inMemoryStore } from '../../core/dist/in-memory/in-memory-store.js'
import { serveStore } from '../dist/remote/serve-store.js'

serveStore(inMemoryStore())
