// The grid's state as fields of an address: rows are seeds, or addresses of pictures.
import { LARGEST_SEED, fromAddress, toAddress } from "./wish.js";

const isSeedNumber = (text) => /^\d{1,10}$/.test(text) && Number(text) <= LARGEST_SEED;
const MOST = 8;

export function readMix(address, facts, depths) {
  const fields = new URLSearchParams(address);
  const seeds = (name, usual) => {
    const found = (fields.get(name) ?? "").split(",").filter(isSeedNumber).map(Number).slice(0, MOST);
    return found.length ? found : usual;
  };
  const rows = fields.getAll("row").slice(0, MOST).map((text) => (isSeedNumber(text) ? Number(text) : fromAddress(text, facts)));
  const layers = (fields.get("layers") ?? "").split(",").filter((text) => /^\d{1,3}$/.test(text)).map(Number)
    .filter((layer) => layer < facts.layers.length);
  const psi = Number(fields.get("psi") ?? 0.8);
  const number = Number(fields.get("class") ?? 0);
  return {
    rows: rows.length ? rows : seeds("rows", [0, 1, 2, 3]),
    columns: seeds("columns", [8, 9, 10, 11, 12]),
    depth: layers.length ? "chosen" : depths.includes(fields.get("depth")) ? fields.get("depth") : depths[0],
    layers,
    truncation: Number.isFinite(psi) ? Math.min(4, Math.max(-4, psi)) : 0.8,
    classes: facts.classes.length ? { [Number.isInteger(number) && number >= 0 && number < facts.classes.length ? number : 0]: 1 } : {},
  };
}

export function writeMix(state, facts) {
  const fields = new URLSearchParams({ model: facts.name });
  if (state.rows.every((row) => typeof row === "number")) fields.set("rows", state.rows.join(","));
  else for (const row of state.rows) fields.append("row", typeof row === "number" ? String(row) : toAddress(row));
  fields.set("columns", state.columns.join(","));
  if (state.depth === "chosen") fields.set("layers", state.layers.join(","));
  else fields.set("depth", state.depth);
  fields.set("psi", String(Math.round(state.truncation * 1e4) / 1e4));
  if (facts.classes.length) fields.set("class", Object.keys(state.classes)[0]);
  return fields.toString().replaceAll("%2C", ",");
}
