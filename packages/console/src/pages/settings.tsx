import { Skeleton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { Json } from '../parts/json.tsx';
import { Duration } from '../parts/moment.tsx';
import { Facts, Page, Sheet } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';

export function Settings() {
  const { t } = useTranslation();
  const { data, error, refetch } = useRead('settings.get', {});
  const settings = data?.body;
  return (
    <Page id="settings" title={t('settings.title')} lead={t('settings.lead')}>
      {settings === undefined ? (
        error === null ? (
          <Skeleton height={300} />
        ) : (
          <Problem error={error} retry={() => void refetch()} />
        )
      ) : (
        <div className="stack">
          <Sheet>
            <Facts
              facts={[
                { name: t('settings.issuer'), value: <code>{settings.issuer}</code> },
                { name: t('settings.mode'), value: <code>{settings.mode}</code> },
                { name: t('settings.database'), value: <code>{settings.database}</code> },
                { name: t('settings.redis'), value: t(settings.redis ? 'common.yes' : 'common.no') },
                { name: t('settings.signing'), value: <code>{settings.signing_algorithms.join(' ')}</code> },
                { name: t('settings.rotate'), value: <Duration seconds={settings.rotate_every} /> },
              ]}
            />
          </Sheet>
          <Sheet title={t('settings.effective')}>
            <Json value={settings.effective} label={t('settings.effective')} />
          </Sheet>
        </div>
      )}
    </Page>
  );
}
