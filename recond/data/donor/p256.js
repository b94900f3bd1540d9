// ECDSA over P-256 in one form: 64 bytes, r then s, with s in its lower half. For each (r, s) the
// curve knows (r, n - s), which anyone can make without the key; a document with that one is not
// the document that was issued. Source: SEC 2 2.4.2 (the order n), RFC 7518 3.4.

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const number = (bytes) => (bytes.length ? BigInt(`0x${hex(bytes)}`) : 0n);
const wide = (value) => unhex(value.toString(16).padStart(64, "0"));

// Whether this key (65 bytes, uncompressed) made this signature in this form over the message.
async function holds(point, signature, message) {
  if (signature.length !== 64 || number(signature.slice(32)) > ORDER / 2n) return false;
  return verified(point, signature, message);
}

// The same for either form: certificates come from others' tools too.
async function verified(point, signature, message) {
  if (point === null) return false;
  try {
    const key = await crypto.subtle.importKey("raw", point, P256, false, ["verify"]);
    return await crypto.subtle.verify(ES256, key, signature, message);
  } catch {
    return false;
  }
}

// r and s of a DER signature, each between 0 and n and in its one spelling.
function fromDer(der) {
  const [r, s] = children(only(der, TAG.sequence), TAG.integer, TAG.integer).map((one) => {
    const [first, second] = one.body;
    need(one.body.length > 0 && first < 0x80 && !(first === 0 && second < 0x80), BAD_DER);
    return number(one.body);
  });
  need(r > 0n && r < ORDER && s > 0n && s < ORDER, BAD_DER);
  return [r, s];
}

function toDer(r, s) {
  const integer = (value) => {
    const digits = value.toString(16);
    const bytes = unhex(digits.padStart(digits.length + (digits.length % 2), "0"));
    return encoded(TAG.integer, bytes[0] < 0x80 ? bytes : joined(Uint8Array.of(0), bytes));
  };
  return encoded(TAG.sequence, joined(integer(r), integer(s)));
}
