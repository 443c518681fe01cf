import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClock } from '../clock.ts';
import { routes } from '../routes.ts';
import { BASIC_YAML, openWorld } from '../testing/world.ts';
import { LIMITED_ROUTES, limitedRoute, routeOfPath } from './limited-routes.ts';

const UPSTREAMS = `
upstreams:
  - { kind: oidc, name: corp, issuer: https://login.example, client_id: hufu, client_secret: a-secret-of-ours }
`;

/** Whoever watches, enforces or puts it right is never locked out; and files of pages are no more work than saying no. */
const NEVER = [
  '/oauth/revocations',
  '/healthz',
  '/readyz',
  '/metrics',
  '/admin/v1/limits',
  '/admin/v1/limits/*',
  '/admin/v1/openapi.json',
  '/admin/docs',
  '/admin/docs/init.js',
  '/admin/docs/swagger-ui-bundle.js',
  '/admin/docs/swagger-ui.css',
  '/dev/mail',
  '/dev/mail/*',
];

test('every route is one that rules may be about, or is known to be none', async () => {
  const world = await openWorld({ yaml: BASIC_YAML + UPSTREAMS });
  const unknown = routes(world.ctx, testClock())
    .map(({ path }) => path)
    .filter((path) => limitedRoute(path) === undefined && !path.startsWith('/assets/') && !path.startsWith('/test/'));
  assert.deepEqual(unknown, NEVER);
  const mounted = new Set(routes(world.ctx, undefined).map(({ path }) => limitedRoute(path)));
  const missing = [...LIMITED_ROUTES.keys()].filter((path) => !mounted.has(path));
  assert.deepEqual(missing, ['/signin/with/*/metadata'], 'only SAML upstreams have one');
  await world.close();
});

test('a path leads to its route, however deep the part is that is any', () => {
  const names = [
    '/oauth/token',
    '/oauth/register/abc',
    '/admin/v1/grants/12.3/lineage',
    '/admin/v1/revocations/7',
    '/signin/with/corp/callback',
  ];
  assert.deepEqual(names.map(routeOfPath), [
    '/oauth/token',
    '/oauth/register/*',
    '/admin/v1/grants/*/lineage',
    '/admin/v1/revocations/*',
    '/signin/with/*/callback',
  ]);
});
