/** A JSON object: metadata of a client, claims of a user. */
export type Members = Readonly<Record<string, unknown>>;
export type MemberPath = readonly string[];

/** What stands at a path; undefined where nothing does. */
export function memberAt(value: unknown, [name, ...rest]: MemberPath): unknown {
  if (name === undefined) return value;
  if (!isMembers(value) || !Object.hasOwn(value, name)) return undefined;
  return memberAt(value[name], rest);
}

/** The same with another member at a path; undefined takes it out, and with it whatever is empty then. */
export function withMember(value: Members, [name, ...rest]: MemberPath, member: unknown): Members {
  if (name === undefined) return isMembers(member) ? member : value;
  const inner = rest.length === 0 ? member : withMember(isMembers(value[name]) ? value[name] : {}, rest, member);
  const isGone = inner === undefined || (rest.length > 0 && member === undefined && Object.keys(Object(inner)).length === 0);
  if (!isGone) return { ...value, [name]: inner };
  return Object.fromEntries(Object.entries(value).filter(([other]) => other !== name));
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
