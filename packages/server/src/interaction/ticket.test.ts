import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { openWorld, START_MS } from '../testing/world.ts';
import { MAX_TICKET, readTicket, type Ticket, writeTicket } from './ticket.ts';

const world = await openWorld({ empty: true });
after(() => world.close());

const TICKET: Ticket = { id: 'i'.repeat(24), startedMs: START_MS, query: 'client_id=spa&state=%C3%A4', session: 7, wished: true, here: 5 };

test('a ticket comes back as it went, and holds what an address can hold', () => {
  const text = writeTicket(world.ctx, TICKET);
  assert.match(text, /^[\w-]{24}\.[\w-]+$/);
  assert.notEqual(writeTicket(world.ctx, TICKET), text, 'no two texts have a key in common');
  assert.equal(
    Buffer.from(text.split('.')[1] ?? '', 'base64url')
      .toString('latin1')
      .includes('spa'),
    false,
    'nobody reads it on its way',
  );
  assert.deepEqual(readTicket(world.ctx, text), TICKET);
});

test("no other text is a ticket: one changed character, a piece, somebody else's seal", async () => {
  const text = writeTicket(world.ctx, TICKET);
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.constantFrom('A', 'b', '0', '-', '.', ' ', 'ä'), (at, character) => {
      fc.pre(text[at] !== character);
      assert.equal(readTicket(world.ctx, text.slice(0, at) + character + text.slice(at + 1)), undefined);
    }),
  );
  const [body = '', seal = ''] = text.split('.');
  for (const bad of ['', '.', body, `${body}.`, `.${seal}`, `${body}.${seal}.${seal}`, `${'j'.repeat(24)}.${seal}`]) {
    assert.equal(readTicket(world.ctx, bad), undefined, bad);
  }
  const other = await openWorld({ empty: true });
  assert.equal(readTicket(other.ctx, text), undefined);
  await other.close();
});

test('one that is too long is not looked at', () => {
  const long = writeTicket(world.ctx, { ...TICKET, query: 'x'.repeat(MAX_TICKET) });
  assert.ok(long.length > MAX_TICKET);
  assert.equal(readTicket(world.ctx, long), undefined);
});
