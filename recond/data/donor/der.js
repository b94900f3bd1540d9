// DER, as much of it as certificates and seals need, and in one spelling only: definite lengths,
// none longer than it must be, nothing left over. Source: X.690 8.1, 10.1.

const TAG = { integer: 0x02, bits: 0x03, octets: 0x04, nothing: 0x05, oid: 0x06, sequence: 0x30,
              set: 0x31 };
const context = (number) => 0xa0 | number;

const BAD_DER = "certify.verify.pdf.signature";

// The element at a place: {tag, raw (all of it), body (its content), end (the place behind it)}.
function element(bytes, at = 0) {
  const tag = bytes[at];
  let length = bytes[at + 1];
  let start = at + 2;
  need(length !== undefined && (tag & 0x1f) !== 0x1f && length !== 0x80, BAD_DER);
  if (length > 0x80) {
    const count = length & 0x7f;
    need(count <= 4 && start + count <= bytes.length, BAD_DER);
    length = bytes.slice(start, start + count).reduce((sum, byte) => sum * 256 + byte, 0);
    need(length >= 0x80 && bytes[start] !== 0, BAD_DER);
    start += count;
  }
  const end = start + length;
  need(end <= bytes.length, BAD_DER);
  return { tag, raw: bytes.slice(at, end), body: bytes.slice(start, end), end };
}

// Everything in an element's body, one after the other.
function elements(body) {
  const found = [];
  for (let at = 0; at < body.length; at = found.at(-1).end) found.push(element(body, at));
  return found;
}

// The one element that these bytes are, of this tag.
function only(bytes, tag) {
  const found = element(bytes);
  need(found.tag === tag && found.end === bytes.length, BAD_DER);
  return found;
}

// The children of a constructed element, which must have these tags.
function children(one, ...tags) {
  const found = elements(one.body);
  need(found.length === tags.length && tags.every((tag, index) => found[index].tag === tag),
       BAD_DER);
  return found;
}

function encoded(tag, body) {
  const octets = [];
  for (let rest = body.length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  const length = body.length < 0x80 ? [body.length] : [0x80 | octets.length, ...octets];
  return joined(Uint8Array.from([tag, ...length]), body);
}

// Object identifiers as their content bytes, in hex.
const OID = {
  ecPublicKey: "2a8648ce3d0201", p256: "2a8648ce3d030107", ecdsaSha256: "2a8648ce3d040302",
  sha256: "608648016503040201", data: "2a864886f70d010701", signedData: "2a864886f70d010702",
  contentType: "2a864886f70d010903", messageDigest: "2a864886f70d010904",
  signingCertificate: "2a864886f70d010910022f", commonName: "550403",
  keyUsage: "551d0f", basicConstraints: "551d13", extendedKeyUsage: "551d25",
  anyUsage: "551d2500", emailProtection: "2b06010505070304", documentSigning: "2b06010505070324",
};

const isOid = (one, name) => one.tag === TAG.oid && hex(one.body) === OID[name];

function isAlgorithm(one, name) {
  const found = one.tag === TAG.sequence ? elements(one.body) : [];
  return found.length === 1 && isOid(found[0], name);
}
