import { ADMIN_PATH } from '@hufu/protocol/admin/operation';
import { OPERATION_NAMES, type OperationName, operationOf } from '@hufu/protocol/admin/operations';
import type { Page } from 'playwright-core';

const BELOW = `/console${ADMIN_PATH}`;
/** Where the console's own scripts are. */
const SCRIPTS = '/console/assets/';

const done = new Set<OperationName>();

/** Every operation that a page of the console has done in this process: asked for by the console's own script, and answered by the server with success. */
export function doneFromConsole(): ReadonlySet<OperationName> {
  return done;
}

/**
 * Writes down from now on what this page asks of the admin API. What a test asks itself from within the page is left out, and so is an answer that a test made up, and
 * a dry run, which does nothing.
 */
export async function keepLedger(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const asked = new Map<string, OperationName>();
  session.on('Network.requestWillBeSent', ({ requestId, request, initiator }) => {
    const name = operationAt(request.method, new URL(request.url));
    const isOwn = initiator.stack?.callFrames.some(({ url }) => url.includes(SCRIPTS)) === true;
    if (name !== undefined && isOwn) asked.set(requestId, name);
  });
  session.on('Network.responseReceived', ({ requestId, response }) => {
    const name = asked.get(requestId);
    asked.delete(requestId);
    // An answer that a test made up comes from no address.
    if (name !== undefined && response.status === operationOf(name).reply.status && response.remoteIPAddress) done.add(name);
  });
  await session.send('Network.enable');
}

/** The operation that a request of the console is for. */
function operationAt(method: string, { pathname, searchParams }: URL): OperationName | undefined {
  if (!pathname.startsWith(`${BELOW}/`) || searchParams.get('dry_run') === 'true') return undefined;
  const asked = pathname.slice(BELOW.length).split('/');
  // A word that stands in the path itself goes before a parameter.
  return OPERATION_NAMES.filter((name) => operationOf(name).method === method && fits(operationOf(name).path.split('/'), asked)).toSorted(
    (one, other) => parametersOf(one) - parametersOf(other),
  )[0];
}

function fits(path: readonly string[], asked: readonly string[]): boolean {
  return path.length === asked.length && path.every((part, index) => part.startsWith('{') || part === asked[index]);
}

function parametersOf(name: OperationName): number {
  return Object.keys(operationOf(name).params).length;
}
