import type { DecisionCheck } from '@hufu/protocol/admin/security';
import { useTranslation } from 'react-i18next';
import { checkTitle } from '../i18n/i18n.ts';

/** Checks in the order in which they were made; where one failed, it is the last. */
export function Checks({ checks }: { readonly checks: readonly DecisionCheck[] }) {
  return (
    <ol className="checks">
      {checks.map((check, index) => (
        <Check key={`${index} ${check.check}`} check={check} />
      ))}
    </ol>
  );
}

function Check({ check: { check, outcome, title, detail, setting } }: { readonly check: DecisionCheck }) {
  const { t, i18n } = useTranslation();
  const own = checkTitle(check, i18n.language);
  const failed = outcome === 'failed';
  return (
    <li className={outcome}>
      {own === undefined ? <strong lang="en">{title ?? check}</strong> : <strong>{own}</strong>}{' '}
      <span className="faded small">{t(failed ? 'decisions.failedAt' : 'decisions.passed')}</span>
      {detail !== undefined && <div lang="en">{detail}</div>}
      {failed && setting !== undefined && (
        <div className="setting small">
          {t('decisions.setting')} <code>{setting}</code>
        </div>
      )}
    </li>
  );
}
