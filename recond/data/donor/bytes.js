// Bytes, text and digests. Everything else is built on these; nothing here judges.

const P256 = { name: "ECDSA", namedCurve: "P-256" };
const ES256 = { name: "ECDSA", hash: "SHA-256" };

// What a file fails by: a code of the catalogue with its arguments. Whatever else is thrown is a
// bug or a trick, and counts as "no" all the same (check.js).
class Fault extends Error {
  constructor(code, args = {}) {
    super(code);
    this.code = code;
    this.args = args;
  }
}

function need(holds, code, args) {
  if (!holds) throw new Fault(code, args);
}

const ascii = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const same = (one, other) =>
  one.length === other.length && one.every((byte, index) => byte === other[index]);

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const unhex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));

const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

const utf8 = (text) => new TextEncoder().encode(text);

// Strict: a wrong byte is an error, and a byte order mark is a character like any other.
const ununicode = (bytes) =>
  new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

// RFC 4648 4 with its padding, in the one spelling that has no spare bits. Null for any other.
function unbase64(text) {
  if (typeof text !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  try {
    const plain = atob(text);
    return btoa(plain) === text ? Uint8Array.from(plain, (one) => one.charCodeAt(0)) : null;
  } catch {
    return null;
  }
}

// RFC 4648 5 without padding.
function unbase64url(text) {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return null;
  const plain = text.replaceAll("-", "+").replaceAll("_", "/");
  return unbase64(plain + "=".repeat((4 - (plain.length % 4)) % 4));
}

// RFC 9285 4.
const BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

function unbase45(text) {
  const out = [];
  for (let at = 0; at < text.length; at += 3) {
    const digits = Array.from(text.slice(at, at + 3), (sign) => BASE45.indexOf(sign));
    need(digits.length > 1 && !digits.includes(-1), "certify.seal.form");
    const value = digits.reduceRight((sum, digit) => sum * 45 + digit, 0);
    need(value < 256 ** (digits.length - 1), "certify.seal.form");
    if (digits.length === 3) out.push(value >> 8);
    out.push(value & 255);
  }
  return Uint8Array.from(out);
}

// Microseconds since 1970 of an RFC 3339 time in UTC, to compare; NaN for any other form.
function instant(text) {
  const form = /^(?!0000)(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/.exec(text);
  const moment = form ? Date.parse(`${form[1]}Z`) : NaN;
  // a browser takes 30 February for 2 March, and 24:00 for the next day
  if (!Number.isFinite(moment) || new Date(moment).toISOString() !== `${form[1]}.000Z`) return NaN;
  return moment * 1000 + Number((form[2] ?? "").padEnd(6, "0"));
}
