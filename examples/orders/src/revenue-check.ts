/**
 * Whether the running totals are those that the change records give, each once and in their order.
 */
import type { ChangeRecord } from './change-record.ts'
import type { Findings } from './findings.ts'
import { Digits, fieldsOf, type JsonObject, textOf } from './output-files.ts'
import type { TextRow } from './tables.ts'
import { parseLsn } from './witness.ts'

export class RevenueCheck {
  records = 0
  readonly #accounts = new Map<string, Account>()
  readonly #findings: Findings

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Takes every change record, in the order of the files. */
  expect({ table, before, after, lsn, position }: ChangeRecord): void {
    if (table !== 'public.orders') return
    const cause = causeOf(lsn, position)
    if (before?.['status'] === 'paid') this.#book(before, -1n, cause)
    if (after?.['status'] === 'paid') this.#book(after, 1n, cause)
  }

  /** Takes every revenue record, in the order of the files, after all changes. */
  add(record: JsonObject): void {
    this.records += 1
    const customer = textOf(record['customerId']) ?? ''
    const step = stepOf(record)
    const account = this.#accounts.get(customer)
    const at = account?.steps.indexOf(step, account.checked) ?? -1
    if (account === undefined || at < 0) {
      this.#reportUnexpected(account, step, `revenue of ${customer}: ${step}`)
      return
    }
    for (const missing of account.steps.slice(account.checked, at)) account.missing.add(missing)
    account.checked = at + 1
  }

  /** To be called after the last revenue record. */
  finish(): void {
    for (const [customer, { steps, checked, missing }] of this.#accounts) {
      for (const step of [...missing, ...steps.slice(checked)]) {
        this.#findings.add('lost', `revenue of ${customer}: ${step}`)
      }
    }
  }

  #reportUnexpected(account: Account | undefined, step: string, what: string): void {
    if (account?.missing.delete(step) === true) {
      this.#findings.add('altered', `${what}, which is too late: out of order`)
      return
    }
    const repeated = account?.steps.slice(0, account.checked).includes(step) === true
    this.#findings.add(repeated ? 'duplicated' : 'altered', what)
  }

  #book(order: TextRow, sign: bigint, cause: string): void {
    const customer = order['customer_id'] ?? ''
    const cents = sign * centsOf(order['amount'] ?? '')
    let account = this.#accounts.get(customer)
    if (account === undefined) {
      account = { cents: 0n, steps: [], checked: 0, missing: new Set() }
      this.#accounts.set(customer, account)
    }
    account.cents += cents
    account.steps.push(stepText(cents, account.cents, cause))
  }
}

/** A customer's money. */
interface Account {
  cents: bigint
  /** What must be in the files. */
  readonly steps: string[]
  /** How many of the steps have been passed. */
  checked: number
  /** Steps that were passed without having been found. */
  readonly missing: Set<string>
}

function stepOf(record: JsonObject): string {
  const { lsn, position } = fieldsOf(record['source'])
  const cause = causeOf(
    parseLsn(textOf(lsn) ?? ''),
    position instanceof Digits ? Number(position.text) : undefined,
  )
  const amount = centsOf(textOf(record['amount']) ?? '')
  return stepText(amount, centsOf(textOf(record['revenue']) ?? ''), cause)
}

function stepText(cents: bigint, total: bigint, cause: string): string {
  return `${cents} to ${total} cents, by ${cause}`
}

function causeOf(lsn: bigint, position: number | undefined): string {
  return position === undefined ? 'the snapshot' : `change ${position} of ${lsn}`
}

/** An amount with two decimals, exactly; anything else is an error. */
function centsOf(amount: string): bigint {
  const match = /^(-?)(\d+)\.(\d\d)$/.exec(amount)
  if (match === null) throw new Error(`"${amount}" is no amount with two decimals`)
  const [, sign = '', whole = '', cents = ''] = match
  return BigInt(`${sign}1`) * (BigInt(whole) * 100n + BigInt(cents))
}
