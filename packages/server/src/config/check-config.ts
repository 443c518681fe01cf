import type { Mode } from './config.ts';
import { type ConfigNode, findText, findValue, listItems } from './node.ts';
import type { Spot } from './shape.ts';

/**
 * What several keys say together. Works on the document itself, so that it also speaks where single values are wrong, and everything
 * is told at once. `issuer` is undefined where it cannot be read.
 */
export function checkConfig(root: ConfigNode, issuer: string | undefined, spot: Spot): void {
  checkIssuer(root, issuer, spot);
  checkDatabase(root, spot.reading.mode, spot);
  warnOfOpenProxies(root, spot);
}

function checkIssuer(root: ConfigNode, issuer: string | undefined, spot: Spot): void {
  const written = findValue(root, 'issuer');
  if (written === undefined && spot.reading.mode === 'production') {
    spot.at('issuer').report((findValue(root, 'mode') ?? root).place, 'is required in mode production', '', ['https://host[:port][/path]']);
    return;
  }
  const tls = findValue(root, 'tls');
  if (tls === undefined || issuer?.startsWith('http:') !== true) return;
  spot
    .at('issuer')
    .report((written ?? tls).place, 'must be https where tls is configured', JSON.stringify(issuer), ['https://host[:port][/path]']);
}

function checkDatabase(root: ConfigNode, mode: Mode | undefined, spot: Spot): void {
  const database = findValue(root, 'database');
  if (database === undefined || mode !== 'production' || findText(database) !== 'sqlite::memory:') return;
  spot
    .at('database')
    .report(database.place, 'would forget everything at the end, which is not for mode production', 'sqlite::memory:', [
      'sqlite:PATH',
      'postgres://…',
    ]);
}

function warnOfOpenProxies(root: ConfigNode, spot: Spot): void {
  for (const [index, node] of listItems(findValue(root, 'trusted_proxies')).entries()) {
    if (/\/0+$/.test(findText(node) ?? '')) spot.at('trusted_proxies').at(index).warn(node, 'lets everybody claim any address');
  }
}
