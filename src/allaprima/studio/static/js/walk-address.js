// The walk's state as fields of an address; each key is the address of a picture, without its model.
import { firstWish, fromAddress, placeOfSeed, toAddress } from "./wish.js";

export const MOST_KEYS = 64;
const KINDS = ["loop", "line", "sphere", "circle", "random"];
const NOISES = ["const", "moving", "random", "none"];
const BACKGROUNDS = ["white", "black", "checker"];
const SIDE = 512; // that small pictures are enlarged to

export const seedWish = (seed, facts, classes) => ({
  ...firstWish(facts), at: placeOfSeed(seed, facts.map_stride), ...(classes ? { classes } : {}),
});

const usualFactor = (facts) => {
  const factors = [1, 2, 4, 8, 16].filter((factor) => factor * Math.max(facts.width, facts.height) <= SIDE);
  return factors[factors.length - 1] ?? 1;
};
const within = (text, low, high, usual) => {
  const value = Number(text ?? NaN);
  return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : usual;
};

export function readWalk(address, facts) {
  const fields = new URLSearchParams(address);
  const among = (name, names) => (names.includes(fields.get(name)) ? fields.get(name) : names[0]);
  const keys = fields.getAll("key").slice(0, MOST_KEYS).map((text) => fromAddress(text, facts));
  const parts = (fields.get("move") ?? "").split(",").map(Number);
  const [rotate, x, y, scale] = facts.is_movable && parts.length === 4 && parts.every(Number.isFinite) ? parts : [0, 0, 0, 1];
  return {
    keys: keys.length || fields.has("kind") ? keys : [0, 1, 2, 3].map((seed) => seedWish(seed, facts)),
    kind: among("kind", KINDS),
    noise: among("noise", NOISES),
    background: among("behind", BACKGROUNDS),
    format: among("format", ["mp4", "webm", "gif"]),
    seconds: within(fields.get("seconds"), 0.1, 600, 8),
    fps: within(fields.get("fps"), 1, 60, 30),
    enlarge: Math.round(within(fields.get("size"), 1, 32, usualFactor(facts))),
    move: { rotate, x, y, scale: Math.min(20, Math.max(0.05, scale)) },
  };
}

export function writeWalk(state, facts) {
  const fields = new URLSearchParams({ model: facts.name, kind: state.kind, seconds: String(state.seconds) });
  for (const key of state.keys) {
    const own = toAddress(key).split("&").filter((part) => !part.startsWith("model="));
    fields.append("key", own.join("&"));
  }
  if (state.noise !== "const") fields.set("noise", state.noise);
  if (state.background !== "white") fields.set("behind", state.background);
  if (state.format !== "mp4") fields.set("format", state.format);
  if (state.fps !== 30) fields.set("fps", String(state.fps));
  if (state.enlarge !== usualFactor(facts)) fields.set("size", String(state.enlarge));
  const { rotate, x, y, scale } = state.move;
  if (rotate || x || y || scale !== 1) fields.set("move", [rotate, x, y, scale].join(","));
  return fields.toString().replaceAll("%2C", ",");
}
