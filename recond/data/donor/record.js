// The record: its one byte form, its fields, and what it comes to in one word.
// Source: RFC 8785 (without fractions, as recond writes it), docs/record-format.md.

// The value of canonical JSON bytes. Whatever is not written the one way (doubled keys, spaces,
// another order, 1.0 for 1) does not come back the same.
function canonicalValue(raw) {
  const value = JSON.parse(ununicode(raw));
  need(same(utf8(canonical(value)), raw), "certify.verify.record.canonical");
  return value;
}

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value !== null && typeof value === "object") {
    return `{${Object.keys(value).sort().map((key) =>
      `${canonical(key)}:${canonical(value[key])}`).join()}}`;
  }
  const plain = typeof value === "number" ? Number.isSafeInteger(value)
    : !/[\ud800-\udfff]/u.test(value); // half a character: RFC 8785 3.2.2.2 forbids it
  need(plain, "certify.verify.record.canonical");
  return JSON.stringify(value);
}

// The first place where a value is not what the schema asks for; null where there is none. Knows
// those words of JSON Schema that docs/record.schema.json uses.
function misfit(schema, value, where = "WipeRecord") {
  const { $ref, anyOf, type, ...more } = schema;
  if ($ref) return misfit(PAGE.schema.$defs[$ref.slice("#/$defs/".length)], value, where);
  if (anyOf) return anyOf.some((one) => misfit(one, value, where) === null) ? null : where;
  if ("const" in more) return value === more.const ? null : where;
  if (more.enum) return more.enum.includes(value) ? null : where;
  if (type === "object") return misfitObject(schema, value, where);
  if (type === "array") return misfitArray(schema, value, where);
  const right = { string: typeof value === "string", boolean: typeof value === "boolean",
                  null: value === null, integer: Number.isSafeInteger(value) };
  return right[type] ? null : where;
}

function misfitObject({ properties, required = [], additionalProperties: other }, value, where) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return where;
  if (required.some((key) => !Object.hasOwn(value, key))) return where;
  for (const key of Object.keys(value)) {
    const known = properties && Object.hasOwn(properties, key) ? properties[key] : other;
    if (!known) return `${where}.${key}`;
    const fault = misfit(known, value[key], `${where}.${key}`);
    if (fault !== null) return fault;
  }
  return null;
}

function misfitArray({ items, prefixItems }, value, where) {
  if (!Array.isArray(value)) return where;
  if (prefixItems && prefixItems.length !== value.length) return where;
  for (const [index, one] of value.entries()) {
    const fault = misfit(prefixItems ? prefixItems[index] : items, one, `${where}[${index}]`);
    if (fault !== null) return fault;
  }
  return null;
}

// --- What a record comes to: recond.certify.summary, line by line -------------------------------

const isApproved = ({ result }) => result.status === "erased" && result.verdict === "approved";

const isBootMedium = ({ result }) => result.status === "refused" && result.reasons.length > 0
  && result.reasons.every((reason) => reason.code === "wipe.refusal.medium");

function counts(record) {
  const approved = record.erasures.filter(isApproved).length;
  const media = record.erasures.filter(isBootMedium).length;
  return { approved, others: record.erasures.length - approved - media };
}

function overall(record) {
  const { approved, others } = counts(record);
  if (approved) return others ? "partial" : "erased";
  return others ? "not-erased" : "nothing";
}
