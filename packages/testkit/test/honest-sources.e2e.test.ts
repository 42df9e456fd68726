import { describeSource } from '../src/index.ts'
import { driver as table } from './support/source/table-driver.ts'

// A snapshot, and then a stream; those of the files are in their own tests.
describeSource(table)
