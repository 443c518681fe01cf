import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Page } from '../parts/page.tsx';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Page id="not-found" title={t('common.notFound')} lead={t('common.notFoundText')}>
      <Link className="link" to="/">
        {t('common.toDashboard')}
      </Link>
    </Page>
  );
}
