// A curve, drawn as SVG at the size at which it is seen.
import { html, useEffect, useRef, useState } from "./html.js";
import { classes } from "./ui.js";
import { brief } from "./train-words.js";

const HEIGHT = 190;
const EDGE = { left: 46, right: 12, top: 10, bottom: 24 };

function useWidth() {
  const ref = useRef(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const watcher = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)));
    watcher.observe(ref.current);
    return () => watcher.disconnect();
  }, []);
  return [ref, width];
}

const isNumber = (value) => value !== null && value !== undefined && Number.isFinite(value);

// Moving average as TensorBoard has it: what is missing at the beginning is not taken for zero.
export function smoothed(values, share) {
  let sum = 0;
  let weight = 0;
  return values.map((value) => {
    if (!isNumber(value)) return null;
    sum = share * sum + (1 - share) * value;
    weight = share * weight + (1 - share);
    return sum / weight;
  });
}

// Round numbers between two values.
export function ticks(low, high, count) {
  const step = 10 ** Math.floor(Math.log10((high - low) / count || 1));
  const size = [1, 2, 5, 10].map((part) => part * step).find((part) => (high - low) / part <= count) ?? 10 * step;
  const found = [];
  for (let value = Math.ceil(low / size - 1e-9) * size; value <= high + size * 1e-9; value += size) found.push(Math.abs(value) < size * 1e-9 ? 0 : value);
  return found;
}

function logTicks(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    for (const part of high / low > 1e3 ? [1] : [1, 2, 5]) found.push(part * 10 ** power);
  }
  return found.filter((value) => value >= low * 0.999 && value <= high * 1.001);
}

// Lowest and highest value, with some air; what `span` names is always seen.
function rangeOf(lists, isLog, span = []) {
  const all = [...lists.flat(), ...span].filter((value) => isNumber(value) && (!isLog || value > 0));
  if (!all.length) return [isLog ? 0.1 : 0, 1];
  let low = all.reduce((a, b) => Math.min(a, b));
  let high = all.reduce((a, b) => Math.max(a, b));
  if (isLog) return [low / 1.15, high * 1.15];
  if (low === high) { low -= Math.abs(low) * 0.1 || 0.5; high += Math.abs(high) * 0.1 || 0.5; }
  const air = 0.06 * (high - low);
  return [low === 0 ? 0 : low - air, high + air];
}

// What was not measured at a tick is passed over: a line leads from the value before to the one after.
function path(xs, ys, place) {
  let line = "";
  for (let index = 0; index < xs.length; index += 1) {
    const at = isNumber(ys[index]) ? place(xs[index], ys[index]) : null;
    if (at) line += `${line ? "L" : "M"}${at[0].toFixed(1)} ${at[1].toFixed(1)}`;
  }
  return line;
}

// Where the only value is; -1 if there are none or more.
const single = (values) => (values.filter(isNumber).length === 1 ? values.findIndex(isNumber) : -1);

// The value that was known at a tick.
function knownAt(values, index) {
  for (let at = index; at >= 0; at -= 1) if (isNumber(values[at])) return values[at];
  return null;
}

function nearest(xs, x) {
  let best = 0;
  for (let index = 1; index < xs.length; index += 1) if (Math.abs(xs[index] - x) < Math.abs(xs[best] - x)) best = index;
  return best;
}

// series: [{ name, tone, values, dashed }]; xs: thousands of images; at: the kimg that all charts point at, or null.
export function Chart({ title, hint, xs, series, isLog = false, smoothing = 0, span, at, onPoint, onPick, unit = "" }) {
  const [box, width] = useWidth();
  const [hidden, setHidden] = useState([]);
  const canLog = isLog && series.every((each) => each.values.every((value) => !isNumber(value) || value > 0));
  const shown = series.filter((each) => !hidden.includes(each.name));
  const drawn = shown.map((each) => ({ ...each, soft: smoothing ? smoothed(each.values, smoothing) : each.values }));
  const [x0, x1] = [Math.min(0, ...xs.slice(0, 1)), xs.length ? Math.max(xs[xs.length - 1], 1e-3) : 1];
  const [low, high] = rangeOf(drawn.map((each) => (smoothing ? each.soft : each.values)), canLog, span);
  const right = Math.max(EDGE.left + 10, width - EDGE.right);
  const bottom = HEIGHT - EDGE.bottom;
  const scale = canLog ? Math.log10 : (value) => value;
  const toX = (x) => EDGE.left + ((x - x0) / (x1 - x0)) * (right - EDGE.left);
  const toY = (y) => {
    const share = (scale(y) - scale(low)) / (scale(high) - scale(low));
    return bottom - Math.min(1.02, Math.max(-0.02, share)) * (bottom - EDGE.top);
  };
  const place = (x, y) => (canLog && y <= 0 ? null : [toX(x), toY(y)]);
  const index = at === null || !xs.length ? xs.length - 1 : nearest(xs, at);
  const toIndex = (event) => {
    const bounds = event.currentTarget.getBoundingClientRect();
    return nearest(xs, x0 + ((event.clientX - bounds.left - EDGE.left) / (right - EDGE.left)) * (x1 - x0));
  };
  const step = (event) => {
    const change = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -xs.length, End: xs.length }[event.key];
    if (change === undefined) return;
    event.preventDefault();
    onPoint(xs[Math.min(xs.length - 1, Math.max(0, index + change))]);
  };
  const toggle = (name) => setHidden(hidden.includes(name) ? hidden.filter((other) => other !== name) : [...hidden, name]);
  const ys = (canLog ? logTicks(low, high) : ticks(low, high, 5)).filter((y) => place(x0, y));
  const said = `${title}: ${series.map((each) => `${each.name} ${brief(knownAt(each.values, index))}${unit}`).join(", ")} after ${brief(xs[index])} thousand images`;
  return html`<figure class="train-chart card">
    <div class="train-chart-head"><h3>${title}</h3><span class="train-chart-at">${xs.length ? `at ${brief(xs[index])} kimg` : ""}</span></div>
    <ul class="train-chart-legend">${series.map((each) => html`<li><button type="button" class=${classes("train-chart-key", each.tone)} aria-pressed=${String(!hidden.includes(each.name))}
      onClick=${() => toggle(each.name)} title=${series.length > 1 ? "Show or hide this line" : undefined} disabled=${series.length < 2}>
      <span class=${classes("train-swatch", each.dashed && "train-dashed")}></span>${each.name} <b>${brief(knownAt(each.values, index))}${unit}</b></button></li>`)}</ul>
    <div ref=${box} class="train-chart-box">
      ${width > 0 && html`<svg width=${width} height=${HEIGHT} viewBox=${`0 0 ${width} ${HEIGHT}`} role="img" aria-label=${said} tabindex="0"
        onPointerMove=${(event) => xs.length && onPoint(xs[toIndex(event)])} onPointerLeave=${() => onPoint(null)} onBlur=${() => onPoint(null)}
        onKeyDown=${step} onClick=${(event) => onPick && xs.length && onPick(xs[toIndex(event)])}>
        ${ys.map((y) => html`<g class="train-chart-grid"><line x1=${EDGE.left} x2=${right} y1=${toY(y)} y2=${toY(y)} /><text x=${EDGE.left - 6} y=${toY(y) + 4} text-anchor="end">${brief(y)}</text></g>`)}
        ${ticks(x0, x1, Math.max(2, Math.floor(width / 90))).map((x) => html`<text class="train-chart-x" x=${toX(x)} y=${HEIGHT - 6} text-anchor="middle">${brief(x)}</text>`)}
        ${smoothing > 0 && drawn.map((each) => html`<path class=${classes("train-raw", each.tone)} d=${path(xs, each.values, place)} />`)}
        ${drawn.map((each) => html`<path class=${classes("train-line", each.tone, each.dashed && "train-dashed")} d=${path(xs, each.soft, place)} />`)}
        ${drawn.map((each) => single(each.values) >= 0 && html`<circle class=${classes("train-dot", each.tone)} r="3" cx=${toX(xs[single(each.values)])} cy=${toY(each.values[single(each.values)])} />`)}
        ${at !== null && xs.length > 0 && html`<g class="train-chart-point"><line x1=${toX(xs[index])} x2=${toX(xs[index])} y1=${EDGE.top} y2=${bottom} />
          ${drawn.map((each) => isNumber(each.soft[index]) && place(xs[index], each.soft[index]) && html`<circle class=${classes("train-dot", each.tone)} r="3.5" cx=${toX(xs[index])} cy=${toY(each.soft[index])} />`)}</g>`}
      </svg>`}
    </div>
    <figcaption>${hint}</figcaption>
  </figure>`;
}
