// Sentences from the catalogues: recond.locale again. Codes in, text out, in the reader's language.

const NBSP = "\u00a0";
const NNBSP = "\u202f";
let language = "fr";

// The sentence for a code; an unknown code shows itself.
function text(code, args = {}) {
  if (!isCode(code)) {
    const shown = Object.keys(args).sort().map((key) => `${key}=${args[key]}`).join(" ");
    return shown ? `${code} (${shown})` : code;
  }
  let entry = PAGE.words[language][code];
  if (Array.isArray(entry)) {
    const n = Number.isInteger(args.n) ? args.n : 0;
    entry = entry[(language === "fr" ? Math.abs(n) < 2 : n === 1) ? 0 : 1];
  }
  const { names, quoted, quotes } = PAGE.foreign;
  const between = [...entry.matchAll(new RegExp(quoted, "g"))].map((found) => found[1]);
  return entry.replace(/\{(\w+)\}/g, (whole, key) => {
    if (!Object.hasOwn(args, key)) return whole;
    const word = shown(key, args[key]);
    const closes = between.includes(key) && names.includes(key);
    return closes ? word.replace(new RegExp(quotes, "g"), '"') : word;
  });
}

const isCode = (code) => Object.hasOwn(PAGE.words[language], code);

function shown(key, value) {
  if (typeof value === "number") {
    if (key.endsWith("_ram_bytes")) return scaled(value, 1024, binaryUnits());
    if (key.endsWith("_bytes")) return size(value);
    return key.endsWith("_s") ? duration(value) : plainNumber(value);
  }
  if (key.endsWith("_date") && /^\d{4}-\d\d-\d\d/.test(value)) return day(value);
  if (PAGE.foreign.names.includes(key)) return printableWord(value);
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value)) return moment(value);
  if (key === "errno" && isCode(`host.errno.${value}`)) return text(`host.errno.${value}`);
  const code = value.slice(1);
  return value.startsWith("@") && isCode(code) ? text(code) : value;
}

// recond.foreign again, by its own tables: what a stranger wrote is neither a code nor a control sign.
const asShown = (sign) => sign.split("").map((unit) =>
  `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");

const printable = (value) => value.replace(new RegExp(PAGE.foreign.signs, "gu"), asShown);

function printableWord(value) {
  const { longest, in_a_line } = PAGE.foreign;
  const whole = [...value];
  const cut = whole.length <= longest ? value : `${whole.slice(0, longest).join("")}…`;
  return cut.replace(new RegExp(in_a_line, "gu"), asShown);
}

function plainNumber(value) {
  if (Math.abs(value) < 10_000) return String(value);
  return String(value).replace(/\B(?=(\d{3})+$)/g, language === "fr" ? NNBSP : ",");
}

function size(bytes) {
  const units = language === "fr" ? ["octets", "ko", "Mo", "Go", "To", "Po"]
    : ["bytes", "kB", "MB", "GB", "TB", "PB"];
  return scaled(bytes, 1000, units);
}

const binaryUnits = () => language === "fr" ? ["octets", "ko", "Mo", "Go", "To", "Po"]
  : ["bytes", "KB", "MB", "GB", "TB", "PB"];

function scaled(value, base, units) {
  let step = 0;
  while (value >= base && step < units.length - 1) {
    value /= base;
    step += 1;
  }
  let digits = value.toFixed(0);
  if (step > 0 && value < 100 && !Number.isInteger(value)) {
    digits = value >= 10 ? value.toFixed(1) : value.toFixed(2).replace(/\.?0+$/, "");
  }
  return `${language === "fr" ? digits.replace(".", ",") : digits}${NBSP}${units[step]}`;
}

function duration(seconds) {
  const two = (value) => String(value).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60,
                                  seconds % 60];
  if (seconds < 60) return `${seconds}${NBSP}s`;
  if (hours > 0) return `${hours}${NBSP}h${NBSP}${two(minutes)}${NBSP}min`;
  return `${minutes}${NBSP}min${rest ? `${NBSP}${two(rest)}${NBSP}s` : ""}`;
}

function moment(utc) {
  return `${day(utc)} ${language === "fr" ? "à " : ""}${utc.slice(11, 19)}${NBSP}UTC`;
}

function day(utc) {
  const [year, month, date] = utc.slice(0, 10).split("-");
  return language === "fr" ? `${date}/${month}/${year}` : `${year}-${month}-${date}`;
}
