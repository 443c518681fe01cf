import { ActionIcon, CopyButton } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** An id in whole, with a way to take it along. */
export function CopyId({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  return (
    <span className="copy-id">
      <code>{id}</code>
      <CopyButton value={id}>
        {({ copied, copy }) => (
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            onClick={copy}
            aria-label={`${copied ? t('common.copied') : t('common.copy')}: ${id}`}
          >
            {copied ? <Tick /> : <Sheets />}
          </ActionIcon>
        )}
      </CopyButton>
    </span>
  );
}

function Sheets() {
  return (
    <svg width="14" height="14" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" />
    </svg>
  );
}

function Tick() {
  return (
    <svg width="14" height="14" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.75" aria-hidden="true">
      <path d="m3 8.5 3.5 3.5L13 4.5" />
    </svg>
  );
}
