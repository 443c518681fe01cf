/** A user name as it is compared: width and compatibility variants and letter case are folded (after RFC 8265 §3.3), and nothing else. */
export function foldUsername(username: string): string {
  return username.normalize('NFKC').toLowerCase().normalize('NFKC');
}

/** What stands in place of the name of a user who was deleted: no name that anybody types is folded to it. */
export function deletedName(id: number): string {
  return `\u0001deleted ${id}`;
}
