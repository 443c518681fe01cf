/** The server that `HUFU_ISSUER` names: meant wherever a command names none; undefined where it is not set, or empty. */
export function namedIssuer(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const named = env['HUFU_ISSUER']?.replace(/\/$/, '');
  return named === '' ? undefined : named;
}
