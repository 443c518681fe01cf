import { isMembers, type MemberPath, type Members, memberAt, withMember } from './members.ts';

/** One member that is not as it was. `before` or `after` is undefined where there was none, or is none. */
export interface Change {
  readonly path: MemberPath;
  readonly before: unknown;
  readonly after: unknown;
}

/** What makes one object of another, member by member; lists are one member each. In the order of their names. */
export function changesBetween(before: Members, after: Members, path: MemberPath = []): readonly Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return names.flatMap((name) => {
    const [from, to] = [memberAt(before, [name]), memberAt(after, [name])];
    const here = [...path, name];
    if (isMembers(from) && isMembers(to)) return changesBetween(from, to, here);
    return isSame(from, to) ? [] : [{ path: here, before: from, after: to }];
  });
}

/** The same changes made to another object: what somebody else changed meanwhile stays. */
export function applyChanges(value: Members, changes: readonly Change[]): Members {
  return changes.reduce((done, { path, after }) => withMember(done, path, after), value);
}

/** Items that came to a list, and those that left it. A list in another order has neither. */
export function itemsBetween(
  before: readonly unknown[],
  after: readonly unknown[],
): { readonly added: readonly unknown[]; readonly removed: readonly unknown[] } {
  const lacks = (list: readonly unknown[], item: unknown): boolean => !list.some((other) => isSame(other, item));
  return { added: after.filter((item) => lacks(before, item)), removed: before.filter((item) => lacks(after, item)) };
}

/** As JSON values are the same: whatever the order of members is. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((item, at) => isSame(item, other[at]));
  if (!isMembers(one) || !isMembers(other)) return false;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]));
}
