// A walk from picture to picture: chosen, seen at once, and rendered as a film in the background.
import { html, useLayoutEffect, useState } from "./html.js";
import { postJson, useJson } from "./api.js";
import { asOrder, isStill, randomSeed, same } from "./wish.js";
import { Button, Choice, Panel, Problem, Select, Slider } from "./ui.js";
import { Tray, useTray } from "./tray.js";
import { MOST_KEYS, readWalk, seedWish, writeWalk } from "./walk-address.js";
import { Film, useWork } from "./walk-film.js";
import { Keys, SeedsForm } from "./walk-keys.js";
import { Preview } from "./walk-preview.js";

const KINDS = {
  loop: ["Loop", "Smoothly through all pictures, and back to the first."],
  line: ["Line", "Straight from picture to picture; it ends at the last one."],
  sphere: ["Sphere", "On arcs around the model's average picture; it ends at the last one."],
  circle: ["Circle", "Through the first two pictures and their opposites, and back."],
  random: ["Random", "Anywhere, beginning at the seed of the first picture; back there at the end."],
};
const USED = { circle: 2, random: 1 }; // of the pictures
const NOISES = [["const", "Still"], ["moving", "Flowing"], ["random", "Flickering"], ["none", "None"]];
const RATES = [12, 15, 24, 25, 30, 50, 60];
const FASTEST_GIF = 50;
const SIDE = 1024; // of the largest film that is offered
const FORMAT_NAMES = { mp4: "MP4: plays everywhere", webm: "WebM: free of patents", gif: "GIF: moves in any page" };

export default function Page(props) {
  return html`<${Walk} key=${props.address} ...${props} />`;
}

function Walk({ studio, facts, address, toPaint }) {
  const [state, setState] = useState(() => readWalk(address, facts));
  const items = useTray();
  const [formats] = useJson("/api/walk/formats");
  const [work, setWork] = useWork("walk", facts.name);
  const [error, setError] = useState(null);
  const [asking, setAsking] = useState(false);
  const change = (part) => setState((before) => ({ ...before, ...part }));
  // Before the browser paints: who reloads at once comes back to what is seen.
  useLayoutEffect(() => history.replaceState(null, "", `#/walk?${writeWalk(state, facts)}`), [state]);

  const { keys, kind } = state;
  const used = keys.slice(0, USED[kind] ?? keys.length);
  const format = formats && !formats.formats.includes(state.format) ? formats.formats[0] : state.format;
  const way = {
    keys: used.map(asOrder), kind, noise: facts.noise.length ? state.noise : "const", move: state.move, seconds: state.seconds, fps: state.fps,
  };
  const missing = whatIsMissing(state, used, studio.limits, format, facts);
  const render = async () => {
    setAsking(true);
    setError(null);
    try {
      setWork((await postJson("/api/walk", { ...way, format, enlarge: state.enlarge, background: state.background })).id);
    } catch (problem) {
      setError(problem);
    }
    setAsking(false);
  };
  const toggle = (index) => {
    const { wish } = items[index];
    const at = keys.findIndex((key) => same(key, wish));
    if (at >= 0) change({ keys: keys.filter((_, other) => other !== at) });
    else if (keys.length < MOST_KEYS) change({ keys: [...keys, wish] });
  };
  const chosen = keys.map((key) => items.findIndex((item) => same(item.wish, key))).filter((index) => index >= 0);

  return html`<div class="walk-page">
    <div class="walk-intro"><h1>Walk from picture to picture</h1>
      <p class="lead">Choose the pictures that the walk passes. It plays at once below; a film of it is rendered in the background, and is yours to save.</p></div>
    <section class="walk-keys" aria-label="Pictures that the walk passes">
      <${Keys} facts=${facts} keys=${keys} used=${used.length} onChange=${(changed) => change({ keys: changed })} onPaint=${toPaint}
        onAdd=${() => change({ keys: [...keys, seedWish(randomSeed(), facts, keys[0]?.classes)] })} />
    </section>
    <section class="walk-stage" aria-label="Preview">
      <${Preview} facts=${facts} way=${missing?.isFatal ? null : way} seconds=${state.seconds} />
    </section>
    <div class="walk-side">
      <div class="walk-order">
        <${Button} kind="main" onClick=${render} disabled=${asking || Boolean(missing)}>Render film<//>
        <p class="hint">${missing?.words ?? `${Math.round(state.seconds * state.fps)} frames of ${facts.width * state.enlarge} × ${facts.height * state.enlarge} pixels.`}</p>
        <${Problem} error=${error} />
      </div>
      <${Film} work=${work} onForget=${() => setWork(null)} />
      <${Panel} title="The way">
        <${Choice} label="Kind" value=${kind} onChange=${(value) => change({ kind: value })}
          options=${Object.entries(KINDS).map(([key, [name]]) => [key, name])} />
        <p class="hint">${KINDS[kind][1]}</p>
        <${Slider} label="Length" value=${state.seconds} min=${1} max=${60} step=${0.5} usual=${8} onChange=${(seconds) => change({ seconds })}
          format=${(seconds) => `${seconds} s`} />
        ${facts.noise.length > 0 && html`<${Choice} label="Noise" value=${state.noise} options=${NOISES} onChange=${(noise) => change({ noise })} />`}
      <//>
      ${facts.is_movable && html`<${Motion} move=${state.move} onChange=${(part) => change({ move: { ...state.move, ...part } })} />`}
      <${Panel} title="From the tray" hint="Choose kept pictures in the order in which the walk shall pass them." open=${items.some((item) => item.wish.model === facts.name)}>
        <${Tray} model=${facts.name} onChoose=${toggle} chosen=${chosen} />
      <//>
      <${Panel} title="From seeds" open=${false}>
        <${SeedsForm} facts=${facts} room=${MOST_KEYS - keys.length} onAdd=${(wishes) => change({ keys: [...keys, ...wishes] })}
          onReplace=${(wishes) => change({ keys: wishes })} />
      <//>
      <${Panel} title="The film" open=${false}>
        <${Select} label="Format" value=${format} onChange=${(value) => change({ format: value })}
          options=${(formats?.formats ?? ["mp4"]).map((name) => [name, FORMAT_NAMES[name]])}
          hint=${formats?.sentence ? `Only GIF can be made: ${formats.sentence}.` : ""} />
        <${Select} label="Frames per second" value=${state.fps} options=${RATES.map((rate) => [rate, rate])} onChange=${(fps) => change({ fps: Number(fps) })} />
        <${Select} label="Size" value=${state.enlarge} options=${sizesOf(facts)} onChange=${(enlarge) => change({ enlarge: Number(enlarge) })} />
        ${[2, 4].includes(facts.channels) && html`<${Select} label="Behind transparent parts" value=${state.background}
          options=${[["white", "White"], ["black", "Black"], ["checker", "Checkerboard"]]} onChange=${(background) => change({ background })} />`}
      <//>
    </div>
  </div>`;
}

function Motion({ move, onChange }) {
  return html`<${Panel} title="Movement" hint="The picture moves as a whole, there and back; whole turns go round." open=${!isStill(move)}>
    <${Slider} label="Turn" value=${move.rotate} min=${-360} max=${360} step=${5} usual=${0} onChange=${(rotate) => onChange({ rotate })} format=${(v) => `${v}°`} />
    <${Slider} label="To the right" value=${move.x} min=${-1} max=${1} usual=${0} onChange=${(x) => onChange({ x })} />
    <${Slider} label="Down" value=${move.y} min=${-1} max=${1} usual=${0} onChange=${(y) => onChange({ y })} />
    <${Slider} label="Size" value=${move.scale} min=${0.25} max=${4} usual=${1} onChange=${(scale) => onChange({ scale })} format=${(v) => `× ${v}`} />
  <//>`;
}

const sizesOf = (facts) => [1, 2, 4, 8, 16].filter((factor) => factor === 1 || factor * Math.max(facts.width, facts.height) <= SIDE)
  .map((factor) => [factor, `${facts.width * factor} × ${facts.height * factor}${factor === 1 ? " (as painted)" : ""}`]);

// Why no film can be ordered, if so; isFatal: there is no way to show either.
function whatIsMissing(state, used, limits, format, facts) {
  const moves = !isStill(state.move) || state.noise === "moving";
  if (!used.length) return { words: "Choose at least two pictures: from the tray, from seeds, or with +.", isFatal: true };
  if (state.kind === "circle" && used.length < 2) return { words: "A circle needs two pictures: add one.", isFatal: true };
  if (used.length < 2 && state.kind !== "random" && !moves) return { words: "Choose one more picture: there is nowhere to walk to." };
  if (state.kind === "random" && used[0].found) return { words: "A random walk begins at a seed: put a picture first that was not projected.", isFatal: true };
  if (state.seconds * state.fps > limits.frames) return { words: `A film may have ${limits.frames} frames: make it shorter, or take fewer per second.` };
  if (format === "gif" && state.fps > FASTEST_GIF) return { words: `A GIF plays at most ${FASTEST_GIF} frames per second.` };
  if (state.enlarge > 1 && state.enlarge * Math.max(facts.height, facts.width) > limits.side) return { words: "This film would be too large: choose a smaller size." };
  return null;
}
