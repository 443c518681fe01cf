/** A user name as it is compared: width and compatibility variants and letter case are folded (after RFC 8265 §3.3), and nothing else. */
export function foldUsername(username: string): string {
  return username.normalize('NFKC').toLowerCase().normalize('NFKC');
}
