import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readForms, readTags, visibleText } from './html.ts';

const PAGE = `<!doctype html><head><title>T</title></head><body data-page="signin"><!-- <form id="no"></form> -->
<script>document.write('<form action="/bad">')</script>
<form id=one method="POST" action="/go?a=1&amp;b=2"><input type="hidden" name="csrf" value="&quot;x&#39;"><input name=user>
<input type="checkbox" name="keep"><input type="checkbox" name="kept" checked><input name="off" disabled value="1">
<button type="submit" id="yes" name="decision" value="allow">Yes &amp; no</button></form>
<button id="outside">Outside</button></body>`;

describe('conformance: the browser without scripts', () => {
  test('it reads the forms of a page, and only those that are there', () => {
    const forms = readForms(PAGE);
    assert.equal(forms.length, 1);
    assert.equal(forms[0]?.method, 'post');
    assert.equal(forms[0]?.action, '/go?a=1&b=2');
    assert.deepEqual(Object.fromEntries(forms[0]?.fields ?? []), { csrf: '"x\'', user: '', kept: 'on' });
    assert.deepEqual(
      forms[0]?.buttons.map(({ attributes }) => attributes['id']),
      ['yes'],
    );
  });

  test('it reads tags, and the text that people see', () => {
    assert.equal(readTags(PAGE).find(({ name }) => name === 'body')?.attributes['data-page'], 'signin');
    assert.equal(visibleText(PAGE).trim(), 'Yes & no Outside');
  });
});
