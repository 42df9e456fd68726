/** Runs the job of a proof once, in a process of its own: see `runProcess`. */
import { enableCompileCache } from 'node:module'
import process from 'node:process'

enableCompileCache()
const { proveProcess } = await import('./prove-process.ts')
await proveProcess(process.argv[2] ?? '')
process.exit(0)
