const expandedForm = /^([+-])(\d{6,7})(-\d\d-\d\d)(?:T(.*?)(Z?))?$/
const yearZeroForm = /^0000(-\d\d-\d\d)(?:T(.*?)(Z?))?$/

/**
 * A date or timestamp of ISO 8601 in the form that Postgres reads. They differ in years before 1
 * and after 9999 only: `-000043-03-15` is `0044-03-15 BC`. Anything else is left as it is.
 *
 * @internal
 */
export function postgresTime(text: string): string {
  const first = text.charCodeAt(0)
  if (first === zero) {
    const match = yearZeroForm.exec(text)
    return match === null ? text : joined(0, match[1], match[2], match[3])
  }
  if (first !== plus && first !== minus) return text
  const match = expandedForm.exec(text)
  if (match === null) return text
  const [, sign, digits, day, time, zone] = match
  return joined(Number(`${sign}${digits}`), day, time, zone)
}

const zero = 0x30
const plus = 0x2b
const minus = 0x2d

function joined(
  isoYear: number,
  day: string | undefined,
  time: string | undefined,
  zone: string | undefined,
): string {
  const beforeChrist = isoYear <= 0
  const year = String(beforeChrist ? 1 - isoYear : isoYear).padStart(4, '0')
  const clock = time === undefined ? '' : ` ${time}${zone === 'Z' ? '+00' : ''}`
  return `${year}${day ?? ''}${clock}${beforeChrist ? ' BC' : ''}`
}
