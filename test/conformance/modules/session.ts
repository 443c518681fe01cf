import assert from 'node:assert/strict';
import { idTokenOf, signIn } from '../suite/flow.ts';
import type { ModuleRun } from '../suite/module-run.ts';
import { endSession, logoutClient, requireRedirect } from './logout.ts';
import type { Module } from './module.ts';
import { refusedSilently } from './prompts.ts';

/** oidcc-session-management-rp-initiated-logout (OpenID Connect Session Management §2, §3): by the two frames in a real browser. */
export const sessionManagementLogout: Module = async (run) => {
  assert.ok(run.browser.scripts, 'frames that talk to each other need scripts');
  const client = await logoutClient(run);
  const flow = await signIn(run, client);
  const sessionState = flow.answer.get('session_state') ?? '';
  assert.match(sessionState, /^[\x21-\x7e]+$/, 'session_state');
  assert.equal(await askFrame(run, 'first', client.clientId, sessionState), 'unchanged');
  await endSession(run, client, idTokenOf(flow).text, {});
  requireRedirect(run, client);
  assert.equal(await askFrame(run, 'second', client.clientId, sessionState), 'changed');
  // Asked with nonsense it says so instead of anything else (§3.2).
  assert.equal(await askFrame(run, 'third', client.clientId, ''), 'error');
  await refusedSilently(run, client);
};

const ANSWER_MS = 60_000;

/** The relying party's page with the provider's frame and its own; what the provider's frame answers is told to us. */
async function askFrame(run: ModuleRun, name: string, clientId: string, sessionState: string): Promise<string> {
  const page = `${run.base}/${name}_session_verify`;
  const frame = `${run.base}/${name}_rp_session_iframe`;
  const result = `${run.base}/${name}_session_result`;
  const html = 'text/html; charset=utf-8';
  run.site.publish(page, () => ({
    type: html,
    body: `<!doctype html><title>Session</title><body data-page="rp"><iframe id="op" src="${run.endpoint('check_session_iframe')}"></iframe><iframe src="${frame}"></iframe>`,
  }));
  run.site.publish(frame, () => ({ type: html, body: frameScript(run, `${clientId} ${sessionState}`, result) }));
  await run.browser.visit(page);
  const request = await run.site.awaitRequest(result, 1, ANSWER_MS);
  assert.ok(request !== undefined, 'check_session_iframe did not answer');
  return request.query.get('state') ?? '';
}

/** One question, half a second after the page has loaded. */
function frameScript(run: ModuleRun, message: string, result: string): string {
  return `<!doctype html><title>Frame</title><script>
addEventListener('message', function (event) {
  if (event.origin !== ${JSON.stringify(new URL(run.issuer).origin)}) return;
  fetch(${JSON.stringify(result)} + '?state=' + encodeURIComponent(event.data));
});
setTimeout(function () {
  parent.document.getElementById('op').contentWindow.postMessage(${JSON.stringify(message)}, '*');
}, 500);
</script>`;
}
