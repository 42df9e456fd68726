/** What both the job and the loop written by hand do with a number. */
export interface Order {
  readonly id: number
  readonly amount: number
}

export function toOrder(id: number): Order {
  return { id, amount: (id * 7919) % 1000 }
}

/** Three of four. */
export function isLarge({ amount }: Order): boolean {
  return amount >= 250
}

export function toAmounts({ id, amount }: Order): readonly number[] {
  return [id, amount]
}

/** What a sink makes of them, so that nothing can be left out: order does not matter. */
export class Sum {
  value = 0

  add(number: number): void {
    this.value = (this.value + number) | 0
  }
}
