/** Parameters of a request in order; a name may come twice. */
export type Parameters = readonly (readonly [name: string, value: string])[];

export function parameters(values: Readonly<Record<string, string | undefined>>): Parameters {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

/** With these instead of, or beside, what was there; undefined takes one away. */
export function changed(base: Parameters, changes: Readonly<Record<string, string | undefined>>): Parameters {
  return [...base.filter(([name]) => !(name in changes)), ...parameters(changes)];
}

export function valueOf(sent: Parameters, name: string): string | undefined {
  const found = sent.filter(([known]) => known === name);
  return found.length === 1 ? found[0]?.[1] : undefined;
}

type Mutation = (value: string) => readonly string[];

/** What can be wrong with one parameter, whatever it means: the values that are sent instead of the one. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  missing: () => [],
  empty: () => [''],
  doubled: (value) => [value, value],
  'doubled with another': (value) => [value, `${value}x`],
  'in capitals': (value) => [value.toUpperCase()],
  unknown: () => ['unknown-value'],
  'with a space behind': (value) => [`${value} `],
  'with a control character': (value) => [`${value}\u0001`],
  'too long': () => ['x'.repeat(3_000)],
};

export function mutate(base: Parameters, name: string, mutation: Mutation): Parameters {
  return base.flatMap(([known, value]) =>
    known === name ? mutation(value).map((other) => [known, other] as const) : [[known, value] as const],
  );
}

export function encode(sent: Parameters): string {
  return new URLSearchParams(sent.map(([name, value]) => [name, value])).toString();
}
