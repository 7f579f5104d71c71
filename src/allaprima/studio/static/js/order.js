// Many pictures at once: an order is painted in the background and comes as a ZIP archive.
import { html, useEffect, useLayoutEffect, useState } from "./html.js";
import { pictureAddress, postJson } from "./api.js";
import { Choice, NumberField, Problem, Slider } from "./ui.js";
import { Orders } from "./order-list.js";
import { LARGEST_SEED, randomSeed } from "./wish.js";

const SAMPLES = 6;
const MOST_SLIDERS = 24; // classes that get one
const PAUSE = 250; // milliseconds until the samples follow a slider
const FORMATS = [["png", "PNG, exact"], ["webp", "WebP, smaller"]];

export default function Page({ studio, facts, address }) {
  const [order, setOrder] = useState(() => fromAddress(address, facts, studio.limits.order));
  const [error, setError] = useState(null);
  const [newest, setNewest] = useState(0);
  // Two fields may change before the page is drawn again: leaving the one for the other changes both.
  const change = (part) => setOrder((before) => ({ ...before, ...part }));
  const changeClass = (index, weight) =>
    setOrder((before) => ({ ...before, classes: { ...before.classes, [index]: weight } }));
  // In place: a slider that is dragged must not fill the browser's history.
  useLayoutEffect(() => history.replaceState(null, "", `#/order?${toAddress(order, facts)}`), [order, facts]);
  const send = async (event) => {
    event.preventDefault();
    try {
      await postJson("/api/bulk", { ...order, model: facts.name });
      setError(null);
      setNewest((before) => before + 1);
    } catch (problem) {
      setError(problem);
    }
  };
  const many = `${order.count.toLocaleString("en")} ${order.count === 1 ? "picture" : "pictures"}`;
  return html`<h1>Order many pictures</h1>
    <p class="lead">They are painted in the background and come as one ZIP archive, with a list of what each was made from.</p>
    <div class="order-page">
      <form class="card" onSubmit=${send}>
        <${NumberField} label="How many" value=${order.count} min=${1} max=${studio.limits.order} onChange=${(count) => change({ count: Math.round(count) })}
          hint=${`Up to ${studio.limits.order.toLocaleString("en")} in one order.`} />
        <div class="seed-line"><${NumberField} label="First seed" value=${order.seed} min=${0} max=${LARGEST_SEED} onChange=${(seed) => change({ seed: Math.round(seed) })} />
          <button type="button" class="button" onClick=${() => change({ seed: randomSeed() })}>Draw one</button></div>
        <p class="hint">The same seeds give the same pictures, always: the first has seed ${order.seed}, the last ${(order.seed + order.count - 1) % (LARGEST_SEED + 1)}.</p>
        <${Slider} label="Truncation" value=${order.truncation} min=${0} max=${1.5} step=${0.05} usual=${1} onChange=${(truncation) => change({ truncation })}
          hint="Less: more careful and more alike. 1: as the model learned it." />
        <${ClassMix} facts=${facts} weights=${order.classes} onChange=${changeClass} />
        <${Choice} label="Files" value=${order.format} options=${FORMATS} onChange=${(format) => change({ format })} />
        <button type="submit" class="button main">Order ${many}</button>
        <${Problem} error=${error} />
      </form>
      <div><${Samples} facts=${facts} order=${order} />
        <${Orders} newest=${newest} /></div>
    </div>`;
}

// How many of each class, by weights.
function ClassMix({ facts, weights, onChange }) {
  if (!facts.classes.length) return null;
  if (facts.classes.length > MOST_SLIDERS) return html`<p class="hint">As many of each of the ${facts.classes.length} classes.</p>`;
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  const share = (weight) => (total ? `${Math.round(100 * weight / total)} %` : "0 %");
  return html`<fieldset class="mix"><legend>Classes</legend>
    ${facts.classes.map((name, index) => html`<${Slider} label=${name} value=${weights[index] ?? 0} min=${0} max=${1} step=${0.05} usual=${1}
      onChange=${(weight) => onChange(index, weight)} format=${share} />`)}
    ${!total && html`<p class="problem">Give at least one class a weight.</p>`}</fieldset>`;
}

// The first few of what is about to be ordered.
function Samples({ facts, order }) {
  const [shown, setShown] = useState(order);
  useEffect(() => {
    const timer = setTimeout(() => setShown(order), PAUSE);
    return () => clearTimeout(timer);
  }, [order]);
  const some = Object.keys(shown.classes).filter((index) => shown.classes[index] > 0);
  const picks = Array.from({ length: Math.min(SAMPLES, shown.count) }, (_, index) => ({
    seed: (shown.seed + index) % (LARGEST_SEED + 1), truncation: shown.truncation,
    ...(some.length ? { class: some[index % some.length] } : {}),
  }));
  if (facts.classes.length && !some.length) return null;
  return html`<section class="card samples" aria-label="Samples"><h2>Like these</h2><ul>${picks.map((pick) => html`<li>
    <img class=${facts.height <= 128 ? "picture pixels" : "picture"} width=${facts.width} height=${facts.height}
      src=${pictureAddress(facts, { ...pick, format: "webp" })}
      alt=${`Seed ${pick.seed}${pick.class === undefined ? "" : `, ${facts.classes[pick.class]}`}`} /></li>`)}</ul></section>`;
}

function fromAddress(text, facts, most) {
  const fields = new URLSearchParams(text);
  const number = (name, usual, low, high) => {
    const value = fields.get(name) === null ? NaN : Number(fields.get(name));
    return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : usual;
  };
  const weights = (fields.get("class") ?? "").split(",").map((part) => part.split(":").map(Number))
    .filter(([index, weight]) => Number.isInteger(index) && index < facts.classes.length && weight >= 0 && weight <= 1);
  return {
    count: Math.round(number("count", 100, 1, most)),
    seed: Math.round(number("seed", 0, 0, LARGEST_SEED)),
    truncation: number("psi", 1, -4, 4),
    classes: weights.length ? Object.fromEntries(weights) : Object.fromEntries(facts.classes.map((_, index) => [index, 1])),
    format: fields.get("format") === "webp" ? "webp" : "png",
  };
}

function toAddress({ count, seed, truncation, classes, format }, facts) {
  const fields = new URLSearchParams({ model: facts.name, count, seed, psi: truncation });
  const isEven = Object.values(classes).every((weight) => weight === 1);
  if (facts.classes.length && !isEven) fields.set("class", Object.entries(classes).map((pair) => pair.join(":")).join(","));
  if (format !== "png") fields.set("format", format);
  return fields.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
}
