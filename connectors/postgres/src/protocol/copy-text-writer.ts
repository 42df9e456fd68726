/** What SQL's null is in the text format of COPY. @internal */
export const copyNull: string = String.raw`\N`

const special = /[\\\n\r\t]/
const specials = /[\\\n\r\t]/g

const escapes: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

/** A value's text as a field of a row in the text format of COPY. @internal */
export function copyField(text: string): string {
  if (!special.test(text)) return text
  return text.replace(specials, (character) => escapes.get(character) ?? character)
}
