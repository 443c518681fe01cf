/** Kinds whose windows begin by the calendar: they want the clock on the wall, all others one that nobody sets. */
const WALL_KINDS: ReadonlySet<string> = new Set(['fixed_window', 'sliding_counter', 'quota']);

export function isOnWall(kind: string): boolean {
  return WALL_KINDS.has(kind);
}
