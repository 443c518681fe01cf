import { Skeleton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { Page } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { Requests } from '../workbench/requests.tsx';
import { TokenLook } from '../workbench/token-look.tsx';

/** What a token is, and the requests that bring one. */
export function Workbench() {
  const { t } = useTranslation();
  const { data, error, refetch } = useRead('settings.get', {});
  const settings = data?.body;
  return (
    <Page id="workbench" title={t('workbench.title')} lead={t('workbench.lead')}>
      {settings === undefined ? (
        error === null ? (
          <Skeleton height={240} />
        ) : (
          <Problem error={error} retry={() => void refetch()} />
        )
      ) : (
        <div className="stack">
          <TokenLook isTest={settings.mode === 'test'} />
          <Requests issuer={settings.issuer} />
        </div>
      )}
    </Page>
  );
}
