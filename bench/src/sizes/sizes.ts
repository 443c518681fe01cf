/** How many rows of each kind a database gets. */
export interface Sizes {
  readonly users: number;
  readonly clients: number;
  readonly sessions: number;
  readonly devices: number;
  readonly consents: number;
  readonly grants: number;
  readonly revocations: number;
  readonly decisions: number;
  readonly audit: number;
}

/** At scale 1 what issue 9 names. Clients are some thousands at any scale, as lists that look at each of them have to show. */
export function sizesOf(scale: number): Sizes {
  const of = (count: number): number => Math.max(2_000, Math.round(count * scale));
  return {
    users: of(100_000),
    clients: 5_000,
    sessions: of(200_000),
    devices: of(150_000),
    consents: of(300_000),
    grants: of(1_000_000),
    revocations: of(500_000),
    decisions: of(10_000_000),
    audit: of(10_000_000),
  };
}
