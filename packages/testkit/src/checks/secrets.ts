import { failOn } from '../engine/violation.ts'

/** @throws FlinktsError FLINKTS_CONFORMANCE_VIOLATED if a text shows a secret. @internal */
export function expectNoSecret(texts: readonly string[], secrets: readonly string[]): void {
  const places = texts.filter((text) => secrets.some((secret) => text.includes(secret)))
  failOn(
    places.map((text) => secrets.reduce((all, secret) => all.replaceAll(secret, '***'), text)),
    'a secret shows',
  )
}
