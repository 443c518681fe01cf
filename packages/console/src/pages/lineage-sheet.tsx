import { Skeleton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { Sheet } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { LineageTree } from './lineage-tree.tsx';

/** Where a grant comes from, and what came of it. `id` as it stands in paths. */
export function LineageSheet({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const { data, error } = useRead('grants.lineage', { params: { grant_id: id } });
  const lineage = data?.body;
  return (
    <Sheet title={t('grants.lineage')}>
      {error !== null && data === undefined ? (
        <Problem error={error} />
      ) : lineage === undefined ? (
        <Skeleton height={80} />
      ) : lineage.ancestors.length + lineage.descendants.length === 0 ? (
        <p className="faded">{t('grants.lineageAlone')}</p>
      ) : (
        <>
          <p className="faded">{t('grants.lineageText')}</p>
          <LineageTree lineage={lineage} label={t('grants.lineageLabel', { id })} />
          {lineage.truncated && <p className="faded small">{t('grants.lineageTruncated')}</p>}
        </>
      )}
    </Sheet>
  );
}
