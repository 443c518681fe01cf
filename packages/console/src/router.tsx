import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { readOtherWords } from './i18n/i18n.ts';
import type { Search } from './parts/filters.tsx';
import { Frame } from './shell/frame.tsx';
import { NotFound } from './shell/not-found.tsx';

const root = createRootRoute({
  component: Frame,
  notFoundComponent: NotFound,
  // Every query is plain text: the server judges what it means. An empty member says nothing.
  validateSearch: (search): Search =>
    Object.fromEntries(
      Object.entries(search).map(([name, value]) => [name, value === undefined || value === '' ? undefined : String(value)]),
    ),
});

/** A page, once its words are there. */
async function withWords<T>(page: Promise<T>): Promise<T> {
  const [loaded] = await Promise.all([page, readOtherWords()]);
  return loaded;
}

/** Each page is a file of its own, read when somebody goes there; the words of the first one are there before it. */
const routes = [
  createRoute({ getParentRoute: () => root, path: '/', component: lazyRouteComponent(() => import('./pages/dashboard.tsx'), 'Dashboard') }),
  createRoute({
    getParentRoute: () => root,
    path: '/clients',
    component: lazyRouteComponent(() => withWords(import('./pages/clients.tsx')), 'Clients'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/clients/new',
    component: lazyRouteComponent(() => withWords(import('./pages/new-client.tsx')), 'NewClientPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/clients/$id',
    component: lazyRouteComponent(() => withWords(import('./pages/client.tsx')), 'ClientPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/users',
    component: lazyRouteComponent(() => withWords(import('./pages/users.tsx')), 'Users'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/users/$sub',
    component: lazyRouteComponent(() => withWords(import('./pages/user.tsx')), 'UserPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/administrators',
    component: lazyRouteComponent(() => withWords(import('./pages/administrators.tsx')), 'Administrators'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/grants',
    component: lazyRouteComponent(() => withWords(import('./pages/grants.tsx')), 'Grants'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/grants/$id',
    component: lazyRouteComponent(() => withWords(import('./pages/grant.tsx')), 'GrantPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/decisions',
    component: lazyRouteComponent(() => withWords(import('./pages/decisions.tsx')), 'Decisions'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/decisions/$id',
    component: lazyRouteComponent(() => withWords(import('./pages/decision.tsx')), 'DecisionPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/workbench',
    component: lazyRouteComponent(() => withWords(import('./pages/workbench.tsx')), 'Workbench'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/revocations',
    component: lazyRouteComponent(() => withWords(import('./pages/revocations.tsx')), 'Revocations'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/revocations/$seq',
    component: lazyRouteComponent(() => withWords(import('./pages/revocation.tsx')), 'RevocationPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audit',
    component: lazyRouteComponent(() => withWords(import('./pages/audit.tsx')), 'Audit'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audit/$seq',
    component: lazyRouteComponent(() => withWords(import('./pages/audit-entry.tsx')), 'AuditEntryPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/webhooks',
    component: lazyRouteComponent(() => withWords(import('./pages/webhooks.tsx')), 'Webhooks'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/webhooks/new',
    component: lazyRouteComponent(() => withWords(import('./pages/new-webhook.tsx')), 'NewWebhookPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/webhooks/$id',
    component: lazyRouteComponent(() => withWords(import('./pages/webhook.tsx')), 'WebhookPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/keys',
    component: lazyRouteComponent(() => withWords(import('./pages/keys.tsx')), 'Keys'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/limits',
    component: lazyRouteComponent(() => withWords(import('./pages/limits.tsx')), 'Limits'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/limits/$name',
    component: lazyRouteComponent(() => withWords(import('./pages/limit.tsx')), 'LimitPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/resources',
    component: lazyRouteComponent(() => withWords(import('./pages/resources.tsx')), 'Resources'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/routes',
    component: lazyRouteComponent(() => withWords(import('./pages/routes.tsx')), 'Routes'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/upstreams',
    component: lazyRouteComponent(() => withWords(import('./pages/upstreams.tsx')), 'Upstreams'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/mails',
    component: lazyRouteComponent(() => withWords(import('./pages/mails.tsx')), 'Mails'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/appearance',
    component: lazyRouteComponent(() => withWords(import('./pages/appearance.tsx')), 'AppearancePage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/policies',
    component: lazyRouteComponent(() => withWords(import('./pages/policies.tsx')), 'Policies'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/settings',
    component: lazyRouteComponent(() => withWords(import('./pages/settings.tsx')), 'Settings'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/signed-out',
    component: lazyRouteComponent(() => withWords(import('./pages/signed-out.tsx')), 'SignedOut'),
  }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren([...routes]),
  basepath: '/console',
  defaultPreload: 'intent',
  scrollRestoration: true,
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const given = Object.entries(search).filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '');
    return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
  },
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
