import { readFile } from 'node:fs/promises'

/** What the reports of the conformance kit name. */
export async function versions(): Promise<Readonly<Record<string, string>>> {
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(manifest) as { readonly version: string }
  return { '@flinkts/filesystem': version }
}
