import type { DeviceView } from '@hufu/protocol/admin/users';
import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { call } from '../api/api.ts';
import { useMay } from '../api/me.ts';
import { queryClient } from '../api/query-client.ts';
import { useRead } from '../api/read.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Moment } from '../parts/moment.tsx';
import { Empty } from '../parts/page.tsx';
import { tell, tellProblem } from '../parts/tell.tsx';

const TYPES = ['desktop', 'mobile', 'tablet', 'tv', 'other'] as const;

export function UserDevices({ sub }: { readonly sub: string }) {
  const { t } = useTranslation();
  const mayEnd = useMay('support');
  const { data, error } = useRead('users.devices.list', { params: { sub } });
  const remove = (id: string): void => {
    call('users.devices.remove', { params: { sub, device_id: id } }).then(() => {
      tell(t('users.removedNote'));
      void queryClient.invalidateQueries();
    }, tellProblem);
  };
  return (
    <DataTable<DeviceView>
      label={t('users.tabs.devices')}
      list={{ items: data?.body.items, error }}
      keyOf={({ id }) => id}
      columns={[
        {
          label: t('users.device'),
          role: 'main',
          cell: ({ name, agent }) => (
            <>
              <span>{name === '' ? agent : name}</span>
              {name !== '' && name !== agent && <span className="sub">{agent}</span>}
            </>
          ),
        },
        { label: t('users.deviceType'), cell: ({ type }) => t(`users.deviceTypes.${TYPES.find((one) => one === type) ?? 'other'}`) },
        { label: t('users.place'), cell: ({ place }) => place ?? '–' },
        { label: t('users.sessionSeen'), cell: ({ seen_at }) => <Moment at={seen_at} /> },
        { label: t('users.trusted'), cell: ({ trusted_until }) => <Moment at={trusted_until} none="–" /> },
        ...(mayEnd
          ? [
              {
                label: t('common.actions'),
                role: 'acts' as const,
                cell: ({ id, agent }: DeviceView) => (
                  <Button
                    size="compact-sm"
                    variant="default"
                    onClick={() => remove(id)}
                    aria-label={`${t('users.removeDevice')}: ${agent}`}
                  >
                    {t('users.removeDevice')}
                  </Button>
                ),
              },
            ]
          : []),
      ]}
      empty={<Empty title={t('users.noDevices')} text={t('users.devicesNone')} />}
    />
  );
}
