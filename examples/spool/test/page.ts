import { readFile } from 'node:fs/promises'

const page = new URL('../../../docs/connectors/writing-a-connector.md', import.meta.url)

/** The text of the code blocks of the page that are in a language, without the fences. */
export async function blocks(language: string): Promise<readonly string[]> {
  const text = await readFile(page, 'utf8')
  const fenced = text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)
  return [...fenced].flatMap(([, of, code]) =>
    of === language && code !== undefined ? [code] : [],
  )
}
