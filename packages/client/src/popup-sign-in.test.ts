import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryPending } from './pending-sign-in.ts';
import { signInByPopup } from './popup-sign-in.ts';
import { json, openIssuer } from './testing/issuer.ts';
import { CALLBACK } from './testing/signing-in.ts';

/** A window as far as a sign-in touches it. */
interface FakeWindow {
  opener: unknown;
  closed: boolean;
  close(): void;
  readonly location: { replace(url: string): void };
}

/** Runs in a page whose windows do `onGo` when they are sent somewhere. */
async function inPage(onGo: (popup: FakeWindow, url: URL) => void, act: (popup: FakeWindow) => Promise<void>): Promise<void> {
  const popup: FakeWindow = {
    opener: 'the page',
    closed: false,
    close() {
      this.closed = true;
    },
    location: { replace: (url) => onGo(popup, new URL(url)) },
  };
  const fakes = { window: { open: () => popup }, document: { hasFocus: () => false } };
  for (const [name, value] of Object.entries(fakes)) Object.defineProperty(globalThis, name, { value, configurable: true });
  try {
    await act(popup);
  } finally {
    for (const name of Object.keys(fakes)) Reflect.deleteProperty(globalThis, name);
  }
}

test('the window has let go of its page before it goes to pages of others (RFC 9700 §4.11)', async () => {
  const world = await openIssuer();
  world.answers.set('/token', () => json(200, { access_token: 'at', token_type: 'Bearer' }));
  const openers: unknown[] = [];
  const onGo = (popup: FakeWindow, url: URL): void => {
    openers.push(popup.opener);
    const channel = new BroadcastChannel(`hufu-popup ${url.searchParams.get('state')}`);
    channel.postMessage(new URLSearchParams({ code: 'c', state: url.searchParams.get('state') ?? '', iss: world.issuer }).toString());
    channel.close();
  };
  await inPage(onGo, async (popup) => {
    const { accessToken } = await signInByPopup(world.client(), { redirectUri: CALLBACK }, memoryPending());
    assert.deepEqual([accessToken, openers, popup.closed], ['at', [null], true]);
  });
});

test('whoever has given up before the window is there is not kept waiting, and hears their own reason (RFC 6749 §4.1.1)', async () => {
  const world = await openIssuer();
  const client = world.client();
  await client.metadata();
  await inPage(
    () => undefined,
    async (popup) => {
      const request = { redirectUri: CALLBACK, signal: AbortSignal.abort(new Error('enough')) };
      await assert.rejects(signInByPopup(client, request, memoryPending()), /^Error: enough$/);
      assert.equal(popup.closed, true);
    },
  );
});
