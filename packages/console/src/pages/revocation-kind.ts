const KINDS = ['grant', 'client', 'subject', 'session', 'jti', 'key', 'device'] as const;

/** The word for a kind of revocation; undefined for one that there is no word for yet. */
export function kindKey(kind: string): (typeof KINDS)[number] | undefined {
  return KINDS.find((one) => one === kind);
}
