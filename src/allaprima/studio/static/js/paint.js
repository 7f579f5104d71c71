// The page Paint: a map of latents, the picture of the place one is at, and all that can be done to it.
import { html, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./html.js";
import { postForBlob } from "./api.js";
import { useHistory } from "./paint-history.js";
import { SeedMap } from "./paint-map.js";
import { Handles } from "./paint-handles.js";
import { Panels } from "./paint-panels.js";
import { LivePainter } from "./live.js";
import { Tray, keep } from "./tray.js";
import { Button, Problem } from "./ui.js";
import { asOrder, describe, isSeed, placeOfSeed, randomSeed, seedOfPlace, toAddress } from "./wish.js";

const FINE = 128; // pixels: smaller pictures are shown as the squares that they are
const MOVING = 5; // pictures a second: fewer are no movement, whose times would say nothing
const SECONDS_AROUND = 8; // of moving noise, at its usual speed

export default function Paint({ facts, address, toPaint }) {
  const { wish, change, undo, redo, canUndo, canRedo } = useHistory(facts, address);
  const [problem, setProblem] = useState(null);
  const [said, setSaid] = useState("");
  const [playing, setPlaying] = useState(0); // speed of moving noise; 0: it stands
  const { canvas, times, trouble } = useLive(wish, facts);
  const tell = (work, words) => work.then(() => { setSaid(words); setProblem(null); }, setProblem);

  const keepIt = () => tell(keep(wish, facts), "Kept. It waits in the tray below.");
  const copy = () => tell(navigator.clipboard?.writeText(location.href) ?? Promise.reject(new Error("this browser lets no page copy: take the address from its bar")),
    "The address is copied: it opens this picture.");
  const save = () => tell(postForBlob("/api/picture", asOrder(wish)).then((blob) => saveAs(blob, wish, facts)), "Saved.");
  const surprise = () => change({ at: placeOfSeed(randomSeed(), facts.map_stride), found: undefined });
  useKeys({ r: surprise, k: keepIt, s: save, undo, redo });
  useMovingNoise(playing, wish, change);
  useEffect(() => {
    if (!said) return undefined;
    const timer = setTimeout(() => setSaid(""), 4000);
    return () => clearTimeout(timer);
  }, [said]);

  return html`<div class="paint">
    <div class="paint-intro">
      <h1>Every place on this map is a picture</h1>
      <p class="lead">${facts.name} learned from ${count(facts)} images, and paints new ones. <strong>Drag the map</strong>, and the picture follows.</p>
    </div>
    <section class="stage" aria-label="The picture">
      <div class="easel">
        <div class="board">
          <canvas ref=${canvas} class=${Math.max(facts.height, facts.width) <= FINE ? "pixels" : ""} width=${facts.width} height=${facts.height}
            role="img" aria-label=${describe(wish, facts)} data-where=${toAddress(wish)}></canvas>
          ${facts.is_movable && html`<${Handles} facts=${facts} move=${wish.move} onMove=${(move) => change({ move })} />`}
        </div>
      </div>
      <p class="times" aria-hidden="true">${times ? `${times.rate} pictures a second, ${Math.round(times.latency)} ms from hand to eye` : " "}</p>
    </section>
    <section class="tools" aria-label="Tools">
      <div class="row">
        <${Button} kind="main" onClick=${surprise} title="A random place (R)">Surprise me<//>
        <${Button} onClick=${undo} disabled=${!canUndo} title="Undo (Ctrl+Z)">Undo<//>
        <${Button} onClick=${redo} disabled=${!canRedo} title="Redo (Ctrl+Y)">Redo<//>
        <${Button} onClick=${keepIt} title="Put into the tray (K)">Keep<//>
        <${Button} onClick=${save} title="Save as PNG (S)">Save<//>
        <${Button} onClick=${copy}>Copy link<//>
      </div>
      <p class="said" role="status">${said}</p>
      <${Problem} error=${problem ?? trouble} />
    </section>
    <section class="where" aria-label="The map">
      <${SeedMap} facts=${facts} wish=${wish} onMove=${(at) => change({ at, found: undefined })} />
      <p class="hint">${wish.found ? "This is a projected picture, which lies on no map. Drag to leave it." : place(wish, facts)}</p>
    </section>
    <section class="kept" aria-label="The tray"><h2>Tray</h2><${Tray} model=${facts.name} onOpen=${toPaint} /></section>
    <section class="panels" aria-label="What can be done to the picture">
      <${Panels} facts=${facts} wish=${wish} change=${change} playing=${playing} setPlaying=${setPlaying} />
    </section>
  </div>`;
}

const count = (facts) => facts.facts.find(([name]) => name === "number of images")?.[1] ?? "many";

const place = (wish, facts) => isSeed(wish) ? `This is seed ${seedOfPlace(wish.at, facts.map_stride)}.`
  : `Between four seeds, nearest to seed ${seedOfPlace(wish.at, facts.map_stride)}.`;

function saveAs(blob, wish, facts) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${facts.name}-${wish.found ? "projected" : wish.at.map((part) => part.toFixed(2)).join("_")}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// The canvas that shows the newest picture, how fast it follows, and what is wrong.
function useLive(wish, facts) {
  const canvas = useRef(null);
  const painter = useRef(null);
  const [times, setTimes] = useState(null);
  const [trouble, setTrouble] = useState(null);
  useLayoutEffect(() => {
    const large = facts.height * facts.width > FINE * FINE;
    painter.current = new LivePainter({
      format: large ? "webp" : "png",
      onPicture: ({ bitmap, wish: shown }) => {
        const context = canvas.current.getContext("2d");
        context.clearRect(0, 0, facts.width, facts.height);
        context.drawImage(bitmap, 0, 0);
        bitmap.close();
        canvas.current.dataset.shown = toAddress(shown);
      },
      onProblem: (text) => setTrouble((before) => (text === (before?.message ?? null) ? before : text && new Error(text))),
      onTimes: throttled((found) => found.rate >= MOVING && setTimes(found), 250),
    });
    return () => painter.current.close();
  }, [facts]);
  const order = useMemo(() => asOrder(wish), [wish]);
  useLayoutEffect(() => painter.current.paint(order), [order]); // before the next frame, not after it
  return { canvas, times, trouble };
}

function throttled(act, milliseconds) {
  let last = 0;
  return (value) => {
    const now = performance.now();
    if (now - last < milliseconds) return;
    last = now;
    act(value);
  };
}

function useMovingNoise(speed, wish, change) {
  const newest = useRef(wish);
  newest.current = wish;
  useEffect(() => {
    if (!speed) return undefined;
    let before = performance.now();
    let frame = requestAnimationFrame(function step(now) {
      const { noise } = newest.current;
      const time = (noise.time + ((now - before) * speed) / (1000 * SECONDS_AROUND)) % 1;
      before = now;
      change({ noise: { ...noise, time } });
      frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [speed]);
}

// Letters are for pages, but not while one types.
function useKeys(actions) {
  const newest = useRef(actions);
  newest.current = actions;
  const press = useCallback((event) => {
    const typing = event.target.closest?.("input:not([type=range]):not([type=checkbox]):not([type=radio]), select, textarea");
    const key = event.key.toLowerCase();
    const { undo, redo, ...letters } = newest.current;
    if (event.ctrlKey || event.metaKey) {
      if (typing || !["z", "y"].includes(key)) return;
      event.preventDefault();
      (key === "y" || event.shiftKey ? redo : undo)();
    } else if (!typing && !event.altKey && letters[key]) {
      event.preventDefault();
      letters[key]();
    }
  }, []);
  useEffect(() => {
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [press]);
}
