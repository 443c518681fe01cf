import type { NextConfig } from 'next';

const config: NextConfig = {
  // One copy of it for all routes, which share its objects.
  serverExternalPackages: ['@hufu/client'],
  poweredByHeader: false,
};

export default config;
