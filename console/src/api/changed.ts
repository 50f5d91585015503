/** What a form changed, so that a PATCH names nothing else: what another changed meanwhile stays. */
export function changed<V extends object>(before: V, after: V): Partial<V> {
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  const names = Object.keys(after) as (keyof V)[];
  return Object.fromEntries(names.filter((name) => !same(before[name], after[name])).map((name) => [name, after[name]])) as Partial<V>;
}
