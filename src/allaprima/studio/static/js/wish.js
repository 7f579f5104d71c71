// What a picture shall be, as the server reads it, and as an address that people can send one another.

const STILL = { rotate: 0, x: 0, y: 0, scale: 1 };
const OWN_NOISE = { mode: "const", seed: 0, time: 0, silent: [] };
export const LARGEST_SEED = 2 ** 32 - 1;

export const randomSeed = () => Math.floor(Math.random() * 1e6);

export function firstWish(facts, seed = 0) {
  return {
    model: facts.name,
    at: placeOfSeed(seed, facts.map_stride),
    classes: facts.classes.length ? { 0: 1 } : {},
    truncation: 0.8,
    cutoff: null,
    mix: [],
    push: [],
    noise: OWN_NOISE,
    move: STILL,
  };
}

export const placeOfSeed = (seed, stride) => [seed % stride, Math.floor(seed / stride)];

// Places outside the map's first rows go around, as the server counts them.
export function seedOfPlace([x, y], stride) {
  const seed = (Math.round(x) + stride * Math.round(y)) % (LARGEST_SEED + 1);
  return seed < 0 ? seed + LARGEST_SEED + 1 : seed;
}

export const isSeed = (wish) => Boolean(wish.at) && wish.at.every((part) => Math.abs(part - Math.round(part)) < 1e-9);
export const isStill = (move) => Object.keys(STILL).every((key) => move[key] === STILL[key]);
export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

const short = (value) => String(Math.round(value * 1e4) / 1e4);
const shortRange = (layers) => {
  const parts = [];
  for (const layer of [...layers].sort((a, b) => a - b)) {
    const last = parts[parts.length - 1];
    if (last && layer === last[1] + 1) last[1] = layer;
    else parts.push([layer, layer]);
  }
  return parts.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join("+");
};
const ranges = (text) => text.split("+").flatMap((part) => {
  const [first, last = first] = part.split("-").map(Number);
  return Array.from({ length: Math.min(256, last - first + 1) }, (_, index) => first + index);
});

// The fields of an address. What is as usual is left out.
export function toAddress(wish) {
  const fields = new URLSearchParams({ model: wish.model });
  if (wish.found) fields.set("found", wish.found);
  else if (wish.at) fields.set("at", wish.at.map(short).join(","));
  const classes = Object.entries(wish.classes ?? {}).filter(([, weight]) => weight > 0);
  if (classes.length) fields.set("class", classes.map(([k, weight]) => (weight === 1 ? k : `${k}:${short(weight)}`)).join(","));
  fields.set("psi", short(wish.truncation));
  if (wish.cutoff !== null) fields.set("cutoff", String(wish.cutoff));
  if (wish.mix.length) fields.set("mix", wish.mix.map((each) => `${each.seed}:${shortRange(each.layers)}`).join(","));
  const push = wish.push.filter((each) => each.strength);
  if (push.length) fields.set("push", push.map((each) => `${each.direction}:${short(each.strength)}`).join(","));
  const { mode, seed, time, silent } = wish.noise;
  if (mode !== "const") fields.set("noise", mode === "none" ? mode : `${mode}:${seed}:${short(time)}`);
  if (silent.length) fields.set("silent", silent.join(","));
  if (!isStill(wish.move)) fields.set("move", ["rotate", "x", "y", "scale"].map((key) => short(wish.move[key])).join(","));
  return fields.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
}

const numbers = (text) => text.split(",").map(Number);
const isFine = (values, count) => values.length === count && values.every(Number.isFinite);

// The wish of an address, for a model; what cannot be read is as usual.
export function fromAddress(text, facts) {
  const fields = new URLSearchParams(text);
  const wish = firstWish(facts);
  const has = (name) => fields.get(name);
  if (has("found")) wish.found = has("found");
  if (has("seed") && Number.isInteger(Number(has("seed")))) wish.at = placeOfSeed(Number(has("seed")), facts.map_stride);
  if (has("at") && isFine(numbers(has("at")), 2)) wish.at = numbers(has("at"));
  if (has("class") && facts.classes.length) {
    const pairs = has("class").split(",").map((part) => part.split(":").map(Number)).filter((pair) => pair.every(Number.isFinite));
    if (pairs.length) wish.classes = Object.fromEntries(pairs.map(([number, weight = 1]) => [number, weight]));
  }
  if (has("psi") && Number.isFinite(Number(has("psi")))) wish.truncation = Number(has("psi"));
  if (has("cutoff") && Number.isInteger(Number(has("cutoff")))) wish.cutoff = Number(has("cutoff"));
  if (has("mix")) {
    wish.mix = has("mix").split(",").map((part) => part.split(":"))
      .map(([seed, layers]) => ({ seed: Number(seed), layers: layers ? ranges(layers) : [] }))
      .map((each) => ({ ...each, layers: each.layers.filter((layer) => layer < facts.layers.length) }))
      .filter((each) => Number.isInteger(each.seed) && each.layers.length);
  }
  if (has("push")) {
    wish.push = has("push").split(",").map((part) => part.split(":"))
      .map(([direction, strength]) => ({ direction, strength: Number(strength) }))
      .filter((each) => /^(sefa|pca)-\d{1,2}$/.test(each.direction) && Number.isFinite(each.strength));
  }
  if (has("noise") && facts.noise.length) {
    const [mode, seed = 0, time = 0] = has("noise").split(":");
    if (["const", "none", "random", "moving"].includes(mode)) wish.noise = { ...wish.noise, mode, seed: Number(seed) || 0, time: Number(time) || 0 };
  }
  if (has("silent")) wish.noise = { ...wish.noise, silent: has("silent").split(",").filter((name) => facts.noise.includes(name)) };
  if (has("move") && facts.is_movable && isFine(numbers(has("move")), 4)) {
    const [rotate, x, y, scale] = numbers(has("move"));
    wish.move = { rotate, x, y, scale };
  }
  return wish;
}

// What the server wants to read: a place is left out where the latents of a projection are painted.
export const asOrder = (wish) => {
  const { at, found, ...rest } = wish;
  return found ? { ...rest, found } : { ...rest, at };
};

// For those who cannot see it.
export function describe(wish, facts) {
  const where = wish.found ? "a projected picture" : isSeed(wish) ? `seed ${seedOfPlace(wish.at, facts.map_stride)}`
    : `a place between seeds, ${wish.at.map((part) => part.toFixed(2)).join(" across and ")} down`;
  const classes = Object.entries(wish.classes ?? {}).filter(([, weight]) => weight > 0)
    .map(([number]) => facts.classes[number]).join(" and ");
  const mixed = wish.mix.length ? `, layers of seed ${wish.mix.map((each) => each.seed).join(" and ")}` : "";
  return `Picture of ${wish.model}: ${where}${classes ? `, class ${classes}` : ""}, truncation ${short(wish.truncation)}${mixed}`;
}
