import { serveStores } from '@belay/testing'
import { sqliteStore } from '../../src/index.ts'

serveStores(([file = '']) => sqliteStore({ file }))
