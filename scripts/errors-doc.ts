/** `npm run docs:errors`: writes docs/errors.md. */
import { writeFileSync } from 'node:fs'
import { errorsMarkdown } from './errors-markdown.ts'

writeFileSync('docs/errors.md', errorsMarkdown())
