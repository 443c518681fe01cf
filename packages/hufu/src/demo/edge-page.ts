import { chooseLocale, type Locale } from '@hufu/protocol/locale';
import { requirePath } from '@hufu/server/interaction/pages/href';
import { attributes, html, renderHtml } from '@hufu/server/interaction/pages/html';
import { mark } from '@hufu/server/interaction/pages/mark';
import { DEMO_USER } from './demo-config.ts';

interface EdgeWords {
  readonly title: string;
  readonly tagline: string;
  readonly lead: string;
  readonly nobody: string;
  readonly who: string;
  readonly signIn: string;
  readonly signOut: string;
  readonly account: string;
  readonly notes: string;
  readonly newNote: string;
  readonly write: string;
  readonly got: string;
  readonly gotMeaning: string;
  readonly failed: string;
}

const WORDS: Readonly<Record<Locale, EdgeWords>> = {
  en: {
    title: 'Tiger Notes at the edge',
    tagline: 'a page without tokens',
    lead: 'This page holds no token. The gateway keeps them, and the browser has a cookie that no script can read.',
    nobody: 'Nobody is signed in.',
    who: 'Signed in as',
    signIn: 'Sign in with Hufu',
    signOut: 'Sign out',
    account: 'The account of the demo',
    notes: 'Notes',
    newNote: 'New note',
    write: 'Write',
    got: 'What the service got',
    gotMeaning: 'The names of the headers that came with the last request: no Authorization, no Cookie; a Passport says who it is.',
    failed: 'That did not work. Try again in a moment.',
  },
  'zh-CN': {
    title: '门前虎记',
    tagline: '没有令牌的页面',
    lead: '这个页面不持有任何令牌。令牌由网关保管，浏览器里只有一个脚本读不到的 Cookie。',
    nobody: '尚未登录。',
    who: '已登录：',
    signIn: '使用 Hufu 登录',
    signOut: '退出登录',
    account: '演示账号',
    notes: '笔记',
    newNote: '新笔记',
    write: '写下',
    got: '服务收到了什么',
    gotMeaning: '上一次请求带来的标头名称：没有 Authorization，也没有 Cookie；是谁，写在 Passport 里。',
    failed: '没有成功，请稍后再试。',
  },
};

/** The page behind the demo's gateway. @param accept `Accept-Language` */
export function edgePage(accept: string | undefined): string {
  const locale = chooseLocale(undefined, accept);
  const words = WORDS[locale];
  return renderHtml(html`<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<title>${words.title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${requirePath('/style.css')}">
<script type="module" src="${requirePath('/edge.js')}"></script>
</head>
<body data-page="demo-edge" ${attributes({ 'data-who': words.who, 'data-nobody': words.nobody, 'data-failed': words.failed })}>
<header class="head">${mark()}<span>${words.title}</span><span class="tagline">${words.tagline}</span></header>
<main class="sheet">
<h1 id="who">…</h1>
<p class="lead">${words.lead}</p>
<p class="problem" id="problem" role="alert" hidden></p>
<section id="signed-out" hidden>
<div class="acts stack"><button type="button" id="sign-in" class="primary">${words.signIn}</button></div>
<p class="faded">${words.account}: <code>${DEMO_USER.username}</code> / <code>${DEMO_USER.password}</code></p>
</section>
<section id="signed-in" hidden>
<h2>${words.notes}</h2>
<ul id="notes" aria-live="polite"></ul>
<form id="write">
<label for="text">${words.newNote}</label>
<div class="line"><input type="text" id="text" name="text" maxlength="280" autocomplete="off" required><button type="submit">${words.write}</button></div>
</form>
<h2>${words.got}</h2>
<p class="faded">${words.gotMeaning}</p>
<p><code id="got"></code></p>
<div class="acts"><button type="button" id="sign-out">${words.signOut}</button></div>
</section>
</main>
</body>
</html>
`);
}
