/** How much a limit has turned away: whatever it calls that. What it would have turned away in shadow is not among it. */
export function refusedOf(counts: Readonly<Record<string, number>> | undefined): number {
  return Object.entries(counts ?? {}).reduce((sum, [name, count]) => (/^(?:refused|denied|rejected)/.test(name) ? sum + count : sum), 0);
}
