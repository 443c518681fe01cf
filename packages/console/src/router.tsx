import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import type { Search } from './parts/filters.tsx';
import { Frame } from './shell/frame.tsx';
import { NotFound } from './shell/not-found.tsx';

const root = createRootRoute({
  component: Frame,
  notFoundComponent: NotFound,
  // Every query is plain text: the server judges what it means.
  validateSearch: (search): Search =>
    Object.fromEntries(Object.entries(search).map(([name, value]) => [name, value === undefined ? undefined : String(value)])),
});

/** Each page is a file of its own, read when somebody goes there. */
const routes = [
  createRoute({ getParentRoute: () => root, path: '/', component: lazyRouteComponent(() => import('./pages/dashboard.tsx'), 'Dashboard') }),
  createRoute({
    getParentRoute: () => root,
    path: '/clients',
    component: lazyRouteComponent(() => import('./pages/clients.tsx'), 'Clients'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/clients/new',
    component: lazyRouteComponent(() => import('./pages/new-client.tsx'), 'NewClientPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/clients/$id',
    component: lazyRouteComponent(() => import('./pages/client.tsx'), 'ClientPage'),
  }),
  createRoute({ getParentRoute: () => root, path: '/users', component: lazyRouteComponent(() => import('./pages/users.tsx'), 'Users') }),
  createRoute({
    getParentRoute: () => root,
    path: '/users/$sub',
    component: lazyRouteComponent(() => import('./pages/user.tsx'), 'UserPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/administrators',
    component: lazyRouteComponent(() => import('./pages/administrators.tsx'), 'Administrators'),
  }),
  createRoute({ getParentRoute: () => root, path: '/grants', component: lazyRouteComponent(() => import('./pages/grants.tsx'), 'Grants') }),
  createRoute({
    getParentRoute: () => root,
    path: '/grants/$id',
    component: lazyRouteComponent(() => import('./pages/grant.tsx'), 'GrantPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/decisions',
    component: lazyRouteComponent(() => import('./pages/decisions.tsx'), 'Decisions'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/decisions/$id',
    component: lazyRouteComponent(() => import('./pages/decision.tsx'), 'DecisionPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/workbench',
    component: lazyRouteComponent(() => import('./pages/workbench.tsx'), 'Workbench'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/revocations',
    component: lazyRouteComponent(() => import('./pages/revocations.tsx'), 'Revocations'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/revocations/$seq',
    component: lazyRouteComponent(() => import('./pages/revocation.tsx'), 'RevocationPage'),
  }),
  createRoute({ getParentRoute: () => root, path: '/audit', component: lazyRouteComponent(() => import('./pages/audit.tsx'), 'Audit') }),
  createRoute({
    getParentRoute: () => root,
    path: '/webhooks',
    component: lazyRouteComponent(() => import('./pages/webhooks.tsx'), 'Webhooks'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/webhooks/new',
    component: lazyRouteComponent(() => import('./pages/new-webhook.tsx'), 'NewWebhookPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/webhooks/$id',
    component: lazyRouteComponent(() => import('./pages/webhook.tsx'), 'WebhookPage'),
  }),
  createRoute({ getParentRoute: () => root, path: '/keys', component: lazyRouteComponent(() => import('./pages/keys.tsx'), 'Keys') }),
  createRoute({ getParentRoute: () => root, path: '/limits', component: lazyRouteComponent(() => import('./pages/limits.tsx'), 'Limits') }),
  createRoute({
    getParentRoute: () => root,
    path: '/resources',
    component: lazyRouteComponent(() => import('./pages/resources.tsx'), 'Resources'),
  }),
  createRoute({ getParentRoute: () => root, path: '/routes', component: lazyRouteComponent(() => import('./pages/routes.tsx'), 'Routes') }),
  createRoute({
    getParentRoute: () => root,
    path: '/upstreams',
    component: lazyRouteComponent(() => import('./pages/upstreams.tsx'), 'Upstreams'),
  }),
  createRoute({ getParentRoute: () => root, path: '/mails', component: lazyRouteComponent(() => import('./pages/mails.tsx'), 'Mails') }),
  createRoute({
    getParentRoute: () => root,
    path: '/appearance',
    component: lazyRouteComponent(() => import('./pages/appearance.tsx'), 'AppearancePage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/policies',
    component: lazyRouteComponent(() => import('./pages/policies.tsx'), 'Policies'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/settings',
    component: lazyRouteComponent(() => import('./pages/settings.tsx'), 'Settings'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/signed-out',
    component: lazyRouteComponent(() => import('./pages/signed-out.tsx'), 'SignedOut'),
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
