import { AdminError } from '@hufu/client/admin';
import { QueryClient } from '@tanstack/react-query';

/** What was read is shown at once, and read again when it is looked at. A refusal is no reason to ask again. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      gcTime: 300_000,
      retry: (count, error) => count < 2 && !(error instanceof AdminError && error.kind === 'refused'),
    },
  },
});
