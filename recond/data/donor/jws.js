// The record's signature: a compact JWS, ES256, with its chain in x5c, in recond's one form.
// Source: RFC 7515, RFC 7518 3.4.

const MAX_CHAIN = 4;

async function readJws(raw) {
  const parts = ascii(raw).split(".");
  const [header, payload, signature] = parts.map(unbase64url);
  need(parts.length === 3 && header && payload && signature?.length === 64, "certify.jws.form");
  const { type, chain } = await readHeader(header);
  return { payload, type, chain, signature, input: utf8(`${parts[0]}.${parts[1]}`) };
}

async function readHeader(raw) {
  try {
    const value = canonicalValue(raw);
    const { alg, typ, cty, x5c } = value;
    need(Object.keys(value).join() === "alg,cty,typ,x5c" && alg === "ES256" && typ === "JOSE"
         && typeof cty === "string" && Array.isArray(x5c) && x5c.length >= 1
         && x5c.length <= MAX_CHAIN, "certify.jws.header");
    const ders = x5c.map(unbase64);
    need(!ders.includes(null), "certify.jws.header");
    return { type: cty, chain: await Promise.all(ders.map(readCertificate)) };
  } catch {
    throw new Fault("certify.jws.header");
  }
}
