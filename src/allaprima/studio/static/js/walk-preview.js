// The walk as it will be: a few frames at first, then those between, played in a circle.
import { html, useEffect, useId, useRef, useState } from "./html.js";
import { postJson } from "./api.js";
import { Button, Problem, classes } from "./ui.js";
import { likesMotion } from "./walk-film.js";

const PER_SECOND = 12;
const [FEWEST, MOST] = [24, 120];
const STRIDES = [4, 2, 1]; // every fourth frame first
const AT_ONCE = 8;
const PAUSE = 120; // milliseconds
const LARGEST = 512; // pixels of a side

const totalOf = (seconds) => STRIDES[0] * Math.round(Math.min(MOST, Math.max(FEWEST, seconds * PER_SECOND)) / STRIDES[0]);

// Numbers of frames in the order in which they are asked for.
export function inOrder(total) {
  const seen = new Set();
  for (const stride of STRIDES) for (let frame = 0; frame < total; frame += stride) seen.add(frame);
  return [...seen];
}

// Large pictures are kept small: a hundred of them must fit into a browser.
const shownSize = (facts) => {
  const factor = Math.min(1, LARGEST / Math.max(facts.width, facts.height));
  return { width: Math.round(facts.width * factor), height: Math.round(facts.height * factor) };
};
const toBitmap = (text, type, { width, height }) => createImageBitmap(
  new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], { type }),
  { resizeWidth: width, resizeHeight: height, resizeQuality: "medium" },
);

function useFrames(way, total, size) {
  const frames = useRef([]);
  const [count, setCount] = useState(0);
  const [error, setError] = useState(null);
  const key = JSON.stringify([way, total]);
  useEffect(() => {
    if (!way) return undefined;
    let gone = false;
    const ask = async () => {
      const order = inOrder(total);
      const fresh = Array(total).fill(null);
      for (let first = 0; first < order.length && !gone; first += AT_ONCE) {
        const wanted = order.slice(first, first + AT_ONCE);
        const { media_type, images } = await postJson("/api/walk/frames", { way, total, wanted });
        const bitmaps = await Promise.all(images.map((image) => toBitmap(image, media_type, size)));
        if (gone) return;
        wanted.forEach((frame, index) => { fresh[frame] = bitmaps[index]; });
        if (frames.current !== fresh) frames.current.forEach((bitmap) => bitmap?.close());
        frames.current = fresh; // the old walk goes on until the first frames of the new one are there
        setCount(first + wanted.length);
        setError(null);
      }
    };
    const timer = setTimeout(() => ask().catch((problem) => gone || setError(problem)), PAUSE);
    return () => { gone = true; clearTimeout(timer); };
  }, [key]);
  return { frames, count, error };
}

const shownAt = (frames, number) => {
  for (let frame = Math.min(number, frames.length - 1); frame >= 0; frame--) if (frames[frame]) return frames[frame];
  return null;
};

export function Preview({ facts, way, seconds }) {
  const total = totalOf(seconds);
  const size = shownSize(facts);
  const { frames, count, error } = useFrames(way, total, size);
  const canvas = useRef(null);
  const id = useId();
  const [playing, setPlaying] = useState(likesMotion);
  const [place, setPlace] = useState(0);
  const time = useRef(0); // share of the walk

  useEffect(() => {
    const bitmap = shownAt(frames.current, place);
    if (!bitmap) return;
    const pen = canvas.current.getContext("2d");
    pen.clearRect(0, 0, canvas.current.width, canvas.current.height);
    pen.drawImage(bitmap, 0, 0);
  }, [place, count, way]);

  useEffect(() => {
    if (!playing) return undefined;
    let last = performance.now();
    let timer = requestAnimationFrame(function next(now) {
      time.current = (time.current + Math.max(0, now - last) / 1000 / seconds) % 1;
      last = now;
      setPlace(Math.floor(time.current * total));
      timer = requestAnimationFrame(next);
    });
    return () => cancelAnimationFrame(timer);
  }, [playing, seconds, total]);

  const scrub = (event) => {
    setPlaying(false);
    const number = Number(event.target.value);
    time.current = number / total;
    setPlace(number);
  };
  const here = Math.min(place, total - 1);
  return html`<div class="walk-preview">
    <div class="walk-easel"><canvas ref=${canvas} class=${classes("picture", facts.height <= 128 && "pixels")} width=${size.width} height=${size.height}
      style=${{ aspectRatio: `${facts.width} / ${facts.height}` }} role="img" aria-label=${`Frame ${here + 1} of ${total} of the walk`}></canvas></div>
    <div class="walk-controls">
      <${Button} onClick=${() => setPlaying(!playing)} aria-label=${playing ? "Pause" : "Play"} title=${playing ? "Pause" : "Play"}>${playing ? "❚❚" : "▶"}<//>
      <label class="unseen" for=${id}>Place in the walk</label>
      <input id=${id} type="range" min="0" max=${total - 1} step="1" value=${here} onInput=${scrub} aria-valuetext=${`${((here / total) * seconds).toFixed(1)} s`} />
      <output for=${id}>${((here / total) * seconds).toFixed(1)} s</output>
    </div>
    <p class="hint walk-count">${!way ? "The preview is shown when there is a way to go."
      : count < total ? `Preview: ${count} of ${total} frames are painted.` : `Preview of ${total} frames; the film is smoother.`}</p>
    <${Problem} error=${error} />
  </div>`;
}
