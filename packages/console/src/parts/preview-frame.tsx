const nonce = document.querySelector<HTMLMetaElement>('meta[name=hufu-nonce]')?.content ?? '';

/**
 * A document of ours to look at. The frame has an origin of its own, runs nothing, sends no form and opens no window; the policy of this page holds in it as well, so its
 * style comes under the nonce of this page.
 */
export function PreviewFrame({ html, title, height }: { readonly html: string; readonly title: string; readonly height: string }) {
  const shown = html.replaceAll('<style>', () => `<style nonce="${nonce}">`).replace('<head>', '<head><base target="_blank">');
  return <iframe className="preview" sandbox="" srcDoc={shown} title={title} style={{ height }} />;
}
