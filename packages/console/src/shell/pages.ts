/** Every page in the navigation, in its order: what is not here is reached from one of them. */
export const GROUPS = [
  { name: 'overview', pages: [{ name: 'dashboard', to: '/' }] },
  {
    name: 'access',
    pages: [
      { name: 'clients', to: '/clients' },
      { name: 'users', to: '/users' },
      { name: 'grants', to: '/grants' },
      { name: 'administrators', to: '/administrators' },
    ],
  },
  {
    name: 'server',
    pages: [
      { name: 'workbench', to: '/workbench' },
      { name: 'decisions', to: '/decisions' },
      { name: 'audit', to: '/audit' },
      { name: 'webhooks', to: '/webhooks' },
      { name: 'revocations', to: '/revocations' },
      { name: 'limits', to: '/limits' },
      { name: 'keys', to: '/keys' },
    ],
  },
  {
    name: 'configured',
    pages: [
      { name: 'resources', to: '/resources' },
      { name: 'routes', to: '/routes' },
      { name: 'upstreams', to: '/upstreams' },
      { name: 'policies', to: '/policies' },
      { name: 'mails', to: '/mails' },
      { name: 'appearance', to: '/appearance' },
      { name: 'settings', to: '/settings' },
    ],
  },
] as const;
