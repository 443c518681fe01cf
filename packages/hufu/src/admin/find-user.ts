import { type AdminTransport, callAdmin, isProblem } from '@hufu/client/admin';
import { foldUsername } from '@hufu/store/username';
import { RefusedError } from '../command.ts';

/**
 * The subject identifier of the user that a word means: `sub:…` says it, any other word is a name, or else a subject identifier. Throws `RefusedError` where it is the name of one user
 * and the identifier of another.
 */
export async function findSub(transport: AdminTransport, word: string): Promise<string> {
  if (word.startsWith('sub:')) return word.slice(4);
  const named = await callAdmin(transport, 'users.list', { query: { prefix: word, limit: 1 } });
  const [first] = named.body.items;
  const byName = first !== undefined && foldUsername(first.username) === foldUsername(word) ? first.sub : undefined;
  const bySub = await callAdmin(transport, 'users.get', { params: { sub: word } }).then(
    ({ body }) => body.sub,
    (error: unknown) => {
      if (isProblem(error, 'not_found') || isProblem(error, 'invalid_request')) return undefined;
      throw error;
    },
  );
  if (byName !== undefined && bySub !== undefined && byName !== bySub)
    throw new RefusedError(`${word} is the name of one user (sub:${byName}) and the subject of another (sub:${bySub}): say which`);
  const found = byName ?? bySub;
  if (found === undefined) throw new RefusedError(`there is no user ${word.slice(0, 100)}`);
  return found;
}
