import type { UserRecord } from '@hufu/store/port';

/** What everybody knows of somebody: no password of theirs is made of it. */
export function wordsOfUser({ username, claims }: Pick<UserRecord, 'username' | 'claims'>): readonly string[] {
  const { email, name } = claims;
  const known = [username, email, typeof email === 'string' ? email.split('@', 1)[0] : undefined, name];
  return known.filter((word): word is string => typeof word === 'string' && word !== '');
}
