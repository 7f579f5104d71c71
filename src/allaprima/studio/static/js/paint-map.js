// A map of seeds: whole places are seeds, and what lies between them is a mixture of the four around.
import { html, useEffect, useRef, useState } from "./html.js";
import { pictureAddress } from "./api.js";
import { seedOfPlace } from "./wish.js";

const ACROSS = 5; // thumbnails
const SHARE = 0.74; // of a cell that its thumbnail fills
const STEP = 0.1; // of an arrow key
const GLIDE = 280; // milliseconds to a place that was clicked
const REMEMBERED = 500;
const STILL = 4; // pixels: a hand that moved less has clicked

export function SeedMap({ facts, wish, onMove }) {
  const canvas = useRef(null);
  const drag = useRef(null);
  const [size, setSize] = useState({ width: 440, height: 440 });
  const at = wish.at ?? [0, 0];
  const cell = Math.max(56, size.width / ACROSS);
  const thumbs = useThumbs(facts, wish);
  const latest = useRef({});
  latest.current = { at, cell, onMove };

  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setSize({ width: entry.contentRect.width, height: entry.contentRect.height }));
    watch.observe(canvas.current);
    return () => watch.disconnect();
  }, []);

  useEffect(() => {
    const paint = () => draw(canvas.current, size, at, cell, facts, thumbs, Boolean(wish.found));
    paint();
    return thumbs.listen(paint);
  });

  const press = (event) => {
    if (event.button) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    event.currentTarget.focus({ preventScroll: true });
    drag.current = { x: event.clientX, y: event.clientY, from: at, moved: false };
  };
  const move = (event) => {
    const start = drag.current;
    if (!start) return;
    const [dx, dy] = [event.clientX - start.x, event.clientY - start.y];
    if (!start.moved && Math.hypot(dx, dy) < STILL) return;
    start.moved = true;
    onMove([start.from[0] - dx / cell, start.from[1] - dy / cell]);
  };
  const release = (event) => {
    const start = drag.current;
    drag.current = null;
    if (!start || start.moved || event.type === "pointercancel") return;
    const box = event.currentTarget.getBoundingClientRect();
    glide(latest, [
      Math.round(at[0] + (event.clientX - box.left - box.width / 2) / cell),
      Math.round(at[1] + (event.clientY - box.top - box.height / 2) / cell),
    ]);
  };
  const key = (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const step = event.shiftKey ? 1 : STEP;
    onMove(at.map((part, axis) => Math.round((part + step * way[axis]) * 1000) / 1000));
  };
  return html`<canvas ref=${canvas} class="map" tabindex="0" role="application" aria-roledescription="map"
    aria-label="Map of pictures. Arrow keys move, with Shift by a whole seed."
    onPointerDown=${press} onPointerMove=${move} onPointerUp=${release} onPointerCancel=${release} onKeyDown=${key}></canvas>`;
}

function glide(latest, goal) {
  const start = latest.current.at;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    latest.current.onMove(goal);
    return;
  }
  const began = performance.now();
  requestAnimationFrame(function step(now) {
    const share = Math.min(1, (now - began) / GLIDE);
    const eased = share * share * (3 - 2 * share);
    latest.current.onMove(share === 1 ? goal : start.map((part, axis) => part + (goal[axis] - part) * eased));
    if (share < 1) requestAnimationFrame(step);
  });
}

function draw(canvas, { width, height }, at, cell, facts, thumbs, faded) {
  const density = window.devicePixelRatio || 1;
  const [wide, high] = [Math.round(width * density), Math.round(height * density)];
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  const context = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  context.imageSmoothingEnabled = Math.max(facts.height, facts.width) > cell * density;
  context.globalAlpha = faded ? 0.35 : 1;
  const fit = (SHARE * cell) / Math.max(facts.height, facts.width);
  const [thumbWide, thumbHigh] = [facts.width * fit, facts.height * fit];
  const [left, top] = [Math.floor(at[0] - width / 2 / cell), Math.floor(at[1] - height / 2 / cell)];
  for (let y = top; y <= top + height / cell + 1; y++) {
    for (let x = left; x <= left + width / cell + 1; x++) {
      const [cx, cy] = [width / 2 + (x - at[0]) * cell, height / 2 + (y - at[1]) * cell];
      const image = thumbs.get(seedOfPlace([x, y], facts.map_stride));
      if (image) {
        context.drawImage(image, cx - thumbWide / 2, cy - thumbHigh / 2, thumbWide, thumbHigh);
      } else {
        context.fillStyle = style.borderTopColor;
        context.fillRect(cx - 2, cy - 2, 4, 4);
      }
    }
  }
  context.globalAlpha = 1;
  ring(context, width / 2, height / 2, cell * 0.53, style);
}

// Where one is: a ring around the middle.
function ring(context, x, y, radius, style) {
  for (const [colour, thick] of [[style.backgroundColor, 8], [style.color, 3]]) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.strokeStyle = colour;
    context.lineWidth = thick;
    context.stroke();
  }
}

// Thumbnails by seed, fetched when they are first seen. Those of an older truncation stay until the new ones are there.
function useThumbs(facts, wish) {
  const store = useRef(null);
  store.current ??= new Thumbs();
  const weights = Object.entries(wish.classes ?? {}).sort((a, b) => b[1] - a[1]);
  const key = { truncation: String(Math.round(wish.truncation * 20) / 20), format: "webp" };
  if (weights.length && facts.classes.length) [[key.class]] = weights;
  const address = pictureAddress(facts, key);
  useEffect(() => {
    if (!store.current.address) { store.current.use(address); return undefined; }
    const timer = setTimeout(() => store.current.use(address), 300);
    return () => clearTimeout(timer);
  }, [address]);
  return store.current;
}

class Thumbs {
  constructor() {
    this.images = new Map(); // by seed: { image, address }
    this.coming = new Set();
    this.listeners = new Set();
    this.address = "";
  }

  use(address) {
    this.address = address;
    this.coming.clear();
    this.tell();
  }

  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell() {
    for (const listener of this.listeners) listener();
  }

  get(seed) {
    const known = this.images.get(seed);
    if (this.address && known?.address !== this.address && !this.coming.has(seed)) this.fetch(seed);
    return known?.image;
  }

  fetch(seed) {
    const { address } = this;
    this.coming.add(seed);
    const image = new Image();
    image.onload = () => {
      if (this.address !== address) return;
      this.coming.delete(seed);
      this.images.delete(seed);
      this.images.set(seed, { image, address });
      if (this.images.size > REMEMBERED) this.images.delete(this.images.keys().next().value);
      this.tell();
    };
    image.src = `${address}&seed=${seed}`;
  }
}
