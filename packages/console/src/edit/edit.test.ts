import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyChanges, changesBetween, isSame, itemsBetween } from './diff.ts';
import { textOf, tidied, withText } from './form-field.ts';
import { isMembers, type Members, memberAt, withMember } from './members.ts';
import { lineOf, placeInJson } from './place-in-json.ts';

const json = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 6, noNullPrototype: true }).map((value): Members => {
  const plain: unknown = JSON.parse(JSON.stringify(value));
  return isMembers(plain) ? plain : {};
});

test('a member is put, found and taken out again, and what is empty then goes with it', () => {
  const put = withMember({ a: 1 }, ['hufu', 'refresh_token', 'idle'], 60);
  assert.deepEqual(put, { a: 1, hufu: { refresh_token: { idle: 60 } } });
  assert.equal(memberAt(put, ['hufu', 'refresh_token', 'idle']), 60);
  assert.deepEqual(withMember(put, ['hufu', 'refresh_token', 'idle'], undefined), { a: 1 });
  assert.equal(memberAt({ a: 'text' }, ['a', 'length']), undefined);
  assert.equal(memberAt({}, ['__proto__', 'x']), undefined);
  assert.deepEqual(withMember({ hufu: { a: 1, b: 2 } }, ['hufu', 'a'], undefined), { hufu: { b: 2 } });
});

test('the changes between two objects make the one of the other, whatever is in them', () => {
  fc.assert(
    fc.property(json, json, (before, after) => {
      const made = applyChanges(before, changesBetween(before, after));
      // An object that has lost its last member is no member any more.
      assert.deepEqual(
        changesBetween(made, after).filter(({ after: to }) => !(isMembers(to) && Object.keys(to).length === 0)),
        [],
      );
      assert.deepEqual(changesBetween(before, before), []);
    }),
  );
});

test('my changes on what somebody else has written meanwhile leave theirs as they are', () => {
  const base = { client_name: 'Notes', redirect_uris: ['a'], hufu: { pkce: 'required', access_token_ttl: 60 } };
  const mine = { ...base, client_name: 'Tiger Notes', hufu: { ...base.hufu, access_token_ttl: 90 } };
  const theirs = { ...base, redirect_uris: ['a', 'b'], hufu: { pkce: 'optional', access_token_ttl: 60 } };
  assert.deepEqual(applyChanges(theirs, changesBetween(base, mine)), {
    client_name: 'Tiger Notes',
    redirect_uris: ['a', 'b'],
    hufu: { pkce: 'optional', access_token_ttl: 90 },
  });
});

test('items that came and went are told; another order is neither, and yet a change', () => {
  assert.deepEqual(itemsBetween(['a', 'b'], ['b', 'c']), { added: ['c'], removed: ['a'] });
  assert.deepEqual(itemsBetween([{ a: 1 }], [{ a: 1 }]), { added: [], removed: [] });
  assert.equal(changesBetween({ a: ['x', 'y'] }, { a: ['y', 'x'] }).length, 1);
  assert.equal(isSame({ a: 1, b: [2] }, { b: [2], a: 1 }), true);
  assert.equal(isSame({ a: undefined }, { b: undefined }), false);
});

test('a pointer leads to the value that it names, in any text of JSON (RFC 6901 §4)', () => {
  fc.assert(
    fc.property(json, fc.constantFrom(undefined, 2, '\t'), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      const walk = (at: unknown, pointer: string): void => {
        const { from, to, line } = placeInJson(text, pointer);
        assert.ok(isSame(JSON.parse(text.slice(from, to)), at), pointer);
        assert.equal(line, lineOf(text, from));
        if (typeof at === 'object' && at !== null)
          for (const [name, inner] of Object.entries(at)) walk(inner, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
      };
      // Two members of one name are one to JSON.parse; the generator makes none.
      walk(value, '');
    }),
  );
  const text = '{\n  "a": [1,\n    {"b": "}"}]\n}';
  assert.deepEqual(placeInJson(text, '/a/1/b'), { from: text.indexOf('"}"'), to: text.indexOf('"}"') + 3, line: 3 });
  assert.equal(placeInJson(text, '/a/7/x').line, 2, 'what is not there, by what would hold it');
  assert.equal(placeInJson(text, '/nothing').line, 1);
});

test('what is typed becomes the member that it means', () => {
  const lines = { path: ['redirect_uris'], kind: 'lines', label: '' } as const;
  const ttl = { path: ['hufu', 'access_token_ttl'], kind: 'amount', label: '' } as const;
  const typed = withText({}, lines, ' https://a.example/cb \n\nhttps://b.example/cb\n');
  assert.equal(textOf(typed, lines), ' https://a.example/cb \n\nhttps://b.example/cb\n', 'and stays as it was typed meanwhile');
  assert.deepEqual(tidied(typed, [{ title: '', fields: [lines] }]), { redirect_uris: ['https://a.example/cb', 'https://b.example/cb'] });
  assert.deepEqual(tidied({ redirect_uris: [] }, [{ title: '', fields: [lines] }]), { redirect_uris: [] }, 'nothing was written into it');
  assert.deepEqual(withText({}, lines, '  \n '), {});
  assert.deepEqual(withText({}, ttl, '90'), { hufu: { access_token_ttl: 90 } });
  assert.deepEqual(withText({}, ttl, '10m'), { hufu: { access_token_ttl: '10m' } });
  assert.deepEqual(withText({ hufu: { access_token_ttl: 1 } }, ttl, ''), {});
  const scope = { path: ['scope'], kind: 'words', label: '' } as const;
  assert.deepEqual(tidied({ scope: '  a   b ' }, [{ title: '', fields: [scope] }]), { scope: 'a b' });
});
