import type { ClientKeyView, ClientKeys as Keys } from '@hufu/protocol/admin/clients';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Moment } from '../parts/moment.tsx';
import { Empty, Sheet } from '../parts/page.tsx';

/** The public keys of a client, as the server has them; to look at them fetches nothing. */
export function ClientKeys({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const { data, error } = useRead('clients.keys.list', { params: { client_id: id } });
  const known = data?.body;
  return (
    <Sheet title={t('clientKeys.title')}>
      {known !== undefined && known.source !== 'none' && <Origin known={known} />}
      <DataTable<ClientKeyView & { readonly at: number }>
        label={t('clientKeys.title')}
        list={{ items: known?.items.map((key, at) => ({ ...key, at })), error }}
        keyOf={({ at }) => String(at)}
        columns={[
          { label: t('clientKeys.kid'), role: 'main', cell: ({ kid }) => <code>{kid ?? '–'}</code> },
          { label: t('clientKeys.kind'), cell: ({ kty, crv }) => <code>{crv === undefined ? kty : `${kty} ${crv}`}</code> },
          { label: t('keys.alg'), cell: ({ alg }) => <code>{alg ?? '–'}</code> },
          { label: t('clientKeys.use'), cell: ({ use }) => t(`clientKeys.uses.${use === 'sig' || use === 'enc' ? use : 'any'}`) },
        ]}
        empty={<Empty title={t('clientKeys.none')} text={t('clientKeys.noneText')} />}
      />
    </Sheet>
  );
}

function Origin({ known: { source, jwks_uri: uri = '', fetched_at: at, fault } }: { readonly known: Keys }) {
  const { t } = useTranslation();
  return (
    <p className="faded">
      {source === 'jwks' ? (
        t('clientKeys.inline')
      ) : at === undefined ? (
        t('clientKeys.notFetched', { uri })
      ) : (
        <>
          {t('clientKeys.fetched', { uri })} <Moment at={at} />
        </>
      )}
      {fault !== undefined && ` ${t('clientKeys.fault')}`}
    </p>
  );
}
