// Certificates, and whom to believe: the same questions in the same order as recond's own
// `chain_fault`. A certificate is trusted that is pinned in this page, or that a pinned root
// issued.
// Source: RFC 5280 4.1.

// What a certificate says; throws for anything but a plain X.509 v3 certificate.
async function readCertificate(der) {
  const outer = only(der, TAG.sequence);
  const [tbs, algorithm, bits] = children(outer, TAG.sequence, TAG.sequence, TAG.bits);
  const fields = elements(tbs.body);
  const [version, serial, inner, issuer, validity, subject, key, ...rest] = fields;
  need(key !== undefined && version.tag === context(0) && serial.tag === TAG.integer
       && isWhole(serial.body) && hex(version.body) === "020102" && same(inner.raw, algorithm.raw)
       && [issuer, validity, subject, key].every((one) => one.tag === TAG.sequence)
       && rest.every((one, index) => one.tag === context(3) && index === 0), BAD_DER);
  const [from, until] = elements(validity.body).map(time);
  need(elements(validity.body).length === 2, BAD_DER);
  const signature = isAlgorithm(algorithm, "ecdsaSha256") ? signatureOf(bits) : null;
  return {
    der, tbs: tbs.raw, signature, serial: serial.raw, issuer: issuer.raw, subject: subject.raw,
    from, until, point: pointOf(key), name: commonName(subject), ...uses(rest),
    forms: await Promise.all(formsOf(der, outer, bits, signature).map(async (form) =>
      hex(await sha256(form)))),
    fingerprint: hex(await sha256(der)),
  };
}

function time(one) {
  const text = ascii(one.body);
  const form = one.tag === 0x17 ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
    : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
  const found = (one.tag === 0x17 || one.tag === 0x18) && form.exec(text);
  need(found, BAD_DER);
  const [, year, month, day, hour, minute, second] = found;
  const century = one.tag === 0x18 ? "" : year < "50" ? "20" : "19";
  return instant(`${century}${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function signatureOf(bits) {
  try {
    return bits.body[0] === 0 ? fromDer(bits.body.slice(1)) : null;
  } catch {
    return null;
  }
}

// The 65 bytes of a P-256 key, or null for a key of another kind.
function pointOf(key) {
  const [algorithm, bits, ...more] = elements(key.body);
  const kind = algorithm.tag === TAG.sequence ? elements(algorithm.body) : [];
  const ours = kind.length === 2 && isOid(kind[0], "ecPublicKey") && isOid(kind[1], "p256")
    && more.length === 0 && bits.tag === TAG.bits && bits.body.length === 66
    && bits.body[0] === 0 && bits.body[1] === 4;
  return ours ? bits.body.slice(1) : null;
}

function commonName(subject) {
  for (const set of elements(subject.body)) {
    for (const pair of elements(set.body)) {
      const [type, value] = elements(pair.body);
      if (isOid(type, "commonName") && [0x0c, 0x13].includes(value.tag)) {
        return ununicode(value.body);
      }
    }
  }
  return "";
}

// Whether the key may sign documents, and whether it may vouch for others that do: `may_sign` and
// `may_issue` of recond. An extension in another form than its own is one that nobody reads.
// Source: RFC 5280 4.2, 4.2.1.3, 4.2.1.9, 6.1.4; RFC 9336 3.1.
function uses(rest) {
  const found = { signs: true, issues: true };
  let authority = false;
  try {
    for (const { name, critical, value } of extensions(rest)) {
      if (isOid(name, "keyUsage")) {
        const bits = bitString(value);
        if ((bits & 0xc0) === 0) found.signs = false;
        if ((bits & 0x04) === 0) found.issues = false;
      } else if (isOid(name, "extendedKeyUsage")) {
        const named = elements(only(value, TAG.sequence).body);
        need(named.length > 0 && named.every((one) => one.tag === TAG.oid && one.body.length > 0),
             BAD_DER);
        const documents = named.some((one) =>
          ["documentSigning", "emailProtection", "anyUsage"].some((use) => isOid(one, use)));
        if (!documents) found.signs = found.issues = false;
      } else if (isOid(name, "basicConstraints")) {
        authority = isAuthority(value);
      } else {
        if (critical) found.signs = found.issues = false;
        const list = LISTS.includes(hex(name.body));
        need(!list || only(value, TAG.sequence).body.length > 0, BAD_DER);
      }
    }
  } catch {
    return { signs: false, issues: false };
  }
  return { signs: found.signs, issues: found.issues && authority };
}

// Of the extensions that say nothing here, those whose value is a list: names, points, policies.
const LISTS = ["551d11", "551d12", "551d1e", "551d1f", "551d20", "551d21", "551d24", "551d2e",
               "2b06010505070101", "2b0601050507010b"];

function extensions(rest) {
  const seen = new Set();
  const list = rest.length === 0 ? [] : elements(only(rest[0].body, TAG.sequence).body);
  return list.map((extension) => {
    need(extension.tag === TAG.sequence, BAD_DER);
    const [name, ...more] = elements(extension.body);
    const critical = more[0].tag === 0x01 && truth(more.shift());
    need(name.tag === TAG.oid && more.length === 1 && more[0].tag === TAG.octets
         && !seen.has(hex(name.body)), BAD_DER);
    seen.add(hex(name.body));
    return { name, critical, value: more[0].body };
  });
}

// A boolean of which "no" is the default stands there only as "yes" (X.690 11.1, 11.5).
function truth(one) {
  need(one.body.length === 1 && one.body[0] === 0xff, BAD_DER);
  return true;
}

// The first eight bits of a bit string whose spare bits are zero (X.690 8.6, 11.2).
function bitString(value) {
  const [spare, ...bits] = only(value, TAG.bits).body;
  need(spare < 8 && (bits.length > 0 || spare === 0)
       && (bits.length === 0 || (bits.at(-1) & ((1 << spare) - 1)) === 0), BAD_DER);
  return bits[0] ?? 0;
}

function isAuthority(value) {
  const parts = elements(only(value, TAG.sequence).body);
  const ca = parts[0]?.tag === 0x01 && truth(parts.shift());
  const [length, ...more] = parts;
  need(more.length === 0 && (length === undefined
       || (ca && length.tag === TAG.integer && isWhole(length.body)
                && length.body[0] < 0x80)), BAD_DER);
  return ca;
}

// A whole number in as few bytes as it needs (X.690 8.3.2).
const isWhole = (body) => body.length === 1
  || (body.length > 1 && ((body[0] << 1) | (body[1] >> 7)) !== 0
      && ((body[0] << 1) | (body[1] >> 7)) !== 0x1ff);

// The certificate with either form of its issuer's signature: a key that was revoked by one
// fingerprint stays revoked in the other form.
function formsOf(der, outer, bits, signature) {
  if (signature === null) return [];
  const [r, s] = signature;
  const front = outer.body.slice(0, outer.body.length - bits.raw.length);
  return [s, ORDER - s].map((one) => encoded(TAG.sequence, joined(
    front, encoded(TAG.bits, joined(Uint8Array.of(0), toDer(r, one))))));
}

async function issuedBy(leaf, root) {
  return root.authority && leaf.signature !== null && leaf.forms.includes(leaf.fingerprint)
    && same(leaf.issuer, root.subject)
    && verified(root.point, joined(...leaf.signature.map(wide)), leaf.tbs);
}

function revokedAs(one, at, revoked) {
  const names = [...one.forms, one.fingerprint];
  for (const entry of revoked) {
    if (!names.includes(entry.fingerprint)) continue;
    if (entry.reason !== "retired") return "certify.trust.compromised";
    if (!(at <= entry.since)) return "certify.trust.retired";
  }
  return null;
}

// Why the certificate is not to be trusted at a time (a code of the catalogue); null where it is.
async function chainFault(leaf, at, { roots, revoked }) {
  const inTime = (one) => one.from <= at && at <= one.until;
  const fault = revokedAs(leaf, at, revoked);
  if (fault !== null) return fault;
  if (!inTime(leaf)) return "certify.trust.expired";
  if (!leaf.signs) return "certify.trust.purpose";
  if (roots.some((root) => root.fingerprint === leaf.fingerprint)) return null;
  const faults = [];
  for (const root of roots) {
    if (!await issuedBy(leaf, root)) continue;
    const lost = revokedAs(root, at, revoked);
    if (lost !== null) return lost;
    const late = inTime(root) ? null : "certify.trust.expired";
    faults.push(root.issues ? late : "certify.trust.issuer");
  }
  if (faults.length === 0) return "certify.trust.unknown";
  return faults.includes(null) ? null : faults[0];
}
