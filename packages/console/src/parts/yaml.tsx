import { Button, CopyButton } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** Lines for hufu.yaml, to be taken along. */
export function Yaml({ text, label }: { readonly text: string; readonly label: string }) {
  const { t } = useTranslation();
  return (
    <>
      <pre className="json" tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button mt="xs" size="xs" variant="default" onClick={copy}>
            {t(copied ? 'common.copied' : 'common.copy')}
          </Button>
        )}
      </CopyButton>
    </>
  );
}
