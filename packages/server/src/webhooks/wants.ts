/**
 * Whether a webhook is told of an action of the audit log.
 *
 * @param patterns names of actions, the beginning of names and `.*`, or `*`
 */
export function wantsAction(patterns: readonly string[], action: string): boolean {
  return patterns.some(
    (pattern) => pattern === '*' || pattern === action || (pattern.endsWith('.*') && action.startsWith(pattern.slice(0, -1))),
  );
}
