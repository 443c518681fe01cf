/**
 * What the page at `/oauth/check_session` runs (OpenID Connect Session Management §3.2). ES5 and a hash of its own, for browsers that have neither
 * more nor `crypto.subtle`; `NAME` stands for the cookie's.
 *
 * A message is `client_id session_state`. The answer goes to the window that asked and to its origin alone: `unchanged` or `changed`, or
 * `error` for what is no such message, and where the browser keeps our cookies from pages of others: a client that was told `changed` then
 * would sign in again and again.
 */
export function checkSessionScript(cookieName: string): string {
  return SCRIPT.replaceAll('NAME', cookieName);
}

const SCRIPT = `(function () {
  'use strict';

  function browserState() {
    var found = '';
    var pairs = document.cookie.split('; ');
    for (var i = 0; i < pairs.length; i += 1) {
      var pair = pairs[i];
      if (pair.indexOf('NAME=') !== 0) continue;
      if (found !== '') return '';
      found = pair.slice('NAME='.length);
    }
    return found;
  }

  var words = [];
  var start = [];
  (function () {
    function fraction(x) {
      return ((x - Math.floor(x)) * 4294967296) | 0;
    }
    for (var n = 2; words.length < 64; n += 1) {
      var prime = true;
      for (var f = 2; f * f <= n; f += 1) if (n % f === 0) prime = false;
      if (!prime) continue;
      if (start.length < 8) start.push(fraction(Math.pow(n, 1 / 2)));
      words.push(fraction(Math.pow(n, 1 / 3)));
    }
  })();

  function rotate(x, by) {
    return (x >>> by) | (x << (32 - by));
  }

  // SHA-256 (FIPS 180-4) of text as UTF-8, in base64url.
  function sha256(text) {
    var bytes = unescape(encodeURIComponent(text));
    var length = bytes.length;
    bytes += '\\x80';
    while (bytes.length % 64 !== 56) bytes += '\\0';
    bytes += '\\0\\0\\0\\0' + String.fromCharCode((length >>> 21) & 255, (length >>> 13) & 255, (length >>> 5) & 255, (length << 3) & 255);
    var hash = start.slice();
    var w = [];
    for (var at = 0; at < bytes.length; at += 64) {
      for (var i = 0; i < 64; i += 1) {
        if (i < 16) {
          var b = at + i * 4;
          w[i] = (bytes.charCodeAt(b) << 24) | (bytes.charCodeAt(b + 1) << 16) | (bytes.charCodeAt(b + 2) << 8) | bytes.charCodeAt(b + 3);
        } else {
          var x = w[i - 15];
          var y = w[i - 2];
          var s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
          var s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
          w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
        }
      }
      var h = hash.slice();
      for (var j = 0; j < 64; j += 1) {
        var e = h[4];
        var a = h[0];
        var big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
        var big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
        var t1 = (h[7] + big1 + ((e & h[5]) ^ (~e & h[6])) + words[j] + w[j]) | 0;
        var t2 = (big0 + ((a & h[1]) ^ (a & h[2]) ^ (h[1] & h[2]))) | 0;
        h = [(t1 + t2) | 0, a, h[1], h[2], (h[3] + t1) | 0, e, h[5], h[6]];
      }
      for (var k = 0; k < 8; k += 1) hash[k] = (hash[k] + h[k]) | 0;
    }
    var out = '';
    for (var m = 0; m < 8; m += 1) {
      out += String.fromCharCode((hash[m] >>> 24) & 255, (hash[m] >>> 16) & 255, (hash[m] >>> 8) & 255, hash[m] & 255);
    }
    return btoa(out).replace(/\\+/g, '-').replace(/\\//g, '_').slice(0, 43);
  }

  window.addEventListener('message', function (event) {
    var source = event.source;
    var origin = event.origin;
    function answer(status) {
      source.postMessage(status, origin);
    }
    // A page without an origin of its own cannot be answered.
    if (!source || source === window || !/^https?:/.test(origin)) return;
    // Only whoever framed this page is answered (Session Management §3.2), where the browser tells who that is.
    if (location.ancestorOrigins && location.ancestorOrigins.length > 0 && location.ancestorOrigins[0] !== origin) return answer('error');
    var message = event.data;
    if (typeof message !== 'string' || message.length > 4096) return answer('error');
    var parts = message.split(' ');
    var dot = parts.length === 2 ? parts[1].lastIndexOf('.') : -1;
    if (dot < 1 || parts[0] === '' || dot === parts[1].length - 1) return answer('error');
    function compare() {
      // Without a session there is nothing to be unchanged, and nobody can ask the empty one.
      if (browserState() === '') return answer('changed');
      var made = sha256(parts[0] + ' ' + origin + ' ' + browserState() + ' ' + parts[1].slice(dot + 1));
      answer(made === parts[1].slice(0, dot) ? 'unchanged' : 'changed');
    }
    if (browserState() !== '' || !document.hasStorageAccess) return compare();
    document.hasStorageAccess().then(function (has) {
      if (has) compare();
      else answer('error');
    }, compare);
  }, false);
})();`;
