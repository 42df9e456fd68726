import { describeSink } from '../src/index.ts'
import { driver as appending } from './support/append-driver.ts'
import { driver as upserting } from './support/upsert-driver.ts'

// Sinks without a commit; that of the file sink is in its own tests.
describeSink(upserting)
describeSink(appending)
