import { serveStore } from '@belay/testing'
import { sqliteStore } from '../../src/index.ts'

const [file = ''] = process.argv.slice(2)
serveStore(sqliteStore({ file }))
